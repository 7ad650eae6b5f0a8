import type { Agent } from '@agent-jobs/agent-run'
import {
  createOpencodeParser,
  finishRule,
  toTranscript,
  type OpencodeSummary,
} from '@agent-jobs/opencode-stream-parser'

/** OpenCode, for anything that runs it without Paperclip. */
export const opencodeAgent: Agent<OpencodeSummary> = {
  name: 'opencode',
  title: 'OpenCode',
  packageName: 'opencode-ai',
  argv: ({ model, extra }) => [
    'opencode',
    'run',
    '--format',
    'json',
    ...(model === undefined ? [] : ['--model', model]),
    ...extra,
  ],
  resumeArguments: (sessionId) => ['--session', sessionId],
  // It asks models.dev for its list of models before its first line (docs/agent-clis.md#opencode-start).
  slowStart: {
    skippedBy: 'OPENCODE_DISABLE_MODELS_FETCH',
    message: 'OpenCode may be asking models.dev for its list of models; without a way out that takes 10 s.',
  },
  env: { OPENCODE_DISABLE_AUTOUPDATE: '1' },
  finish: finishRule,
  scriptedModel: {
    // OpenCode fetches its list of models from the network at the start unless told otherwise.
    env: (baseUrl) => ({
      OPENCODE_CONFIG_CONTENT: JSON.stringify(scripted(baseUrl)),
      OPENCODE_DISABLE_MODELS_FETCH: '1',
    }),
    model: 'scripted/scripted-model',
  },
  credentialEnv: [
    'ANTHROPIC_API_KEY',
    'OPENAI_API_KEY',
    'OPENROUTER_API_KEY',
    'OPENCODE_API_KEY',
    'OPENCODE_CONFIG_CONTENT',
  ],
  createParser: () => createOpencodeParser(),
  transcript: (line, time) => toTranscript(line, time),
}

function scripted(baseUrl: string): Record<string, unknown> {
  const limit = { context: 200_000, output: 32_000 }
  const cost = { input: 3, output: 15, cache_read: 0.3, cache_write: 3.75 }
  return {
    share: 'disabled',
    autoupdate: false,
    provider: {
      scripted: {
        npm: '@ai-sdk/openai-compatible',
        name: 'Scripted',
        options: { baseURL: `${baseUrl}/v1`, apiKey: 'scripted' },
        models: { 'scripted-model': { name: 'Scripted model', limit, cost, tool_call: true, reasoning: true } },
      },
    },
  }
}
