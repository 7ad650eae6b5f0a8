import { createOpencodeParser, finishRule, toTranscript } from '@agent-jobs/opencode-stream-parser'
import type { AgentDefinition } from './agent-definition.ts'

/** OpenCode. */
export const opencodeAgent: AgentDefinition = {
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
  env: { OPENCODE_DISABLE_AUTOUPDATE: '1' },
  finish: finishRule,
  // The list of models is fetched from the network at the start unless told otherwise.
  modelEnv: (baseUrl) => ({
    OPENCODE_CONFIG_CONTENT: JSON.stringify(scripted(baseUrl)),
    OPENCODE_DISABLE_MODELS_FETCH: '1',
  }),
  scriptedModel: 'scripted/scripted-model',
  liveEnv: ['ANTHROPIC_API_KEY', 'OPENAI_API_KEY', 'OPENROUTER_API_KEY', 'OPENCODE_API_KEY', 'OPENCODE_CONFIG_CONTENT'],
  createReader: () => createOpencodeParser(),
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
