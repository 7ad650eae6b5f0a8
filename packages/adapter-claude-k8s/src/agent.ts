import type { Agent } from '@agent-jobs/agent-run'
import { createClaudeParser, finishRule, toTranscript, type ClaudeSummary } from '@agent-jobs/claude-stream-parser'

/** Claude Code, for anything that runs it without Paperclip. */
export const claudeAgent: Agent<ClaudeSummary> = {
  name: 'claude',
  title: 'Claude Code',
  packageName: '@anthropic-ai/claude-code',
  // No `-`: it would put a dash before the prompt, break slash commands and start a run on an empty stdin.
  argv: ({ model, extra }) => [
    'claude',
    '--print',
    '--output-format',
    'stream-json',
    '--verbose',
    '--dangerously-skip-permissions',
    ...(model === undefined ? [] : ['--model', model]),
    ...extra,
  ],
  resumeArguments: (sessionId) => ['--resume', sessionId],
  schemaArguments: (schema) => ['--json-schema', schema],
  needsBash: true,
  env: { CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1', DISABLE_AUTOUPDATER: '1' },
  finish: finishRule,
  scriptedModel: { env: (baseUrl) => ({ ANTHROPIC_BASE_URL: baseUrl, ANTHROPIC_API_KEY: 'scripted' }) },
  credentialEnv: [
    'ANTHROPIC_API_KEY',
    'ANTHROPIC_AUTH_TOKEN',
    'ANTHROPIC_BASE_URL',
    'ANTHROPIC_MODEL',
    'CLAUDE_CODE_OAUTH_TOKEN',
  ],
  createParser: () => createClaudeParser(),
  transcript: (line, time) => toTranscript(line, time),
}
