import type { Agent } from '@agent-jobs/agent-run'
import { createCodexParser, finishRule, toTranscript, type CodexSummary } from '@agent-jobs/codex-stream-parser'
import { quietOptions } from './quiet-options.ts'

/**
 * Codex reads neither OPENAI_API_KEY nor OPENAI_BASE_URL, the names that users know. An address other than OpenAI's is a
 * provider of its own, because the built-in one tries WebSockets first.
 */
const withOpenAiVariables = `
if [ -z "\${CODEX_API_KEY:-}" ] && [ -n "\${OPENAI_API_KEY:-}" ]; then export CODEX_API_KEY="$OPENAI_API_KEY"; fi
if [ -n "\${OPENAI_BASE_URL:-}" ]; then
  set -- "$@" -c 'model_provider="agent-jobs"' -c 'model_providers.agent-jobs.name="OpenAI-compatible"' \\
    -c "model_providers.agent-jobs.base_url=\\"$OPENAI_BASE_URL\\"" -c 'model_providers.agent-jobs.wire_api="responses"' \\
    -c 'model_providers.agent-jobs.env_key="CODEX_API_KEY"'
fi
exec "$@" -`.trim()

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/** True for a text that can be the id of a thread. Given any other, Codex silently starts a new thread. */
export function isThreadId(text: string): boolean {
  return uuid.test(text)
}

/** Codex, for anything that runs it without Paperclip. */
export const codexAgent: Agent<CodexSummary> = {
  name: 'codex',
  title: 'Codex',
  packageName: '@openai/codex',
  // The prompt comes on stdin, so that no open stdin keeps Codex waiting.
  argv: ({ model, extra }) => [
    '/bin/sh',
    '-c',
    withOpenAiVariables,
    'sh',
    'codex',
    'exec',
    '--json',
    '--skip-git-repo-check',
    '--dangerously-bypass-approvals-and-sandbox',
    ...quietOptions,
    ...(model === undefined ? [] : ['-m', model]),
    ...extra,
  ],
  resumeArguments: (sessionId) => (isThreadId(sessionId) ? ['resume', sessionId] : null),
  env: {},
  finish: finishRule,
  scriptedModel: {
    env: (baseUrl) => ({ OPENAI_BASE_URL: `${baseUrl}/v1`, CODEX_API_KEY: 'scripted' }),
    // A model without code mode: the scripted model calls its shell tool.
    model: 'gpt-5.5',
  },
  credentialEnv: ['CODEX_API_KEY', 'OPENAI_API_KEY', 'OPENAI_BASE_URL', 'CODEX_HOME'],
  // What a resumed thread had used before is in its rollout alone, which lies in the pod.
  createParser: (run) => createCodexParser(run?.resumed === true ? {} : { previousUsage: null }),
  transcript: (line, time) => toTranscript(line, time),
}
