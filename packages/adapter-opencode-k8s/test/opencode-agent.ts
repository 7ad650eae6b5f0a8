import { createAdapter } from '@agent-jobs/adapter-kit'
import { npmProgram, type ConformanceAgent } from '@agent-jobs/paperclip-testing'
import { opencodeDefinition } from '../src/opencode-definition.ts'

/** OpenCode as tests run it. */
export const opencodeAgent: ConformanceAgent = {
  definition: opencodeDefinition,
  adapter: (deps) => createAdapter(opencodeDefinition, deps),
  program: npmProgram(import.meta.url, 'opencode-ai', 'opencode'),
  // A key of a provider whose models OpenCode then lists.
  serverEnv: {
    DATABASE_URL: 'postgres://u:p@db/x',
    TEAM: 'core',
    XAI_API_KEY: 'sk-test-0123456789',
    OPENCODE_DISABLE_MODELS_FETCH: '1',
  },
  config: (url) => ({
    model: 'lab/demo-model',
    // A text, as Paperclip requires for every setting that it keeps as a secret.
    providerOptions: JSON.stringify({
      lab: {
        npm: '@ai-sdk/openai-compatible',
        options: { baseURL: `${url}/v1`, apiKey: 'sk-test-0123456789' },
        models: { 'demo-model': { name: 'Demo' } },
      },
    }),
    env: { OPENCODE_DISABLE_MODELS_FETCH: '1' },
  }),
  secrets: /sk-test-0123456789|postgres:/,
  firstLine: '"type":"step_start"',
  billing: { provider: 'lab', biller: 'lab' },
  unknownSession: () => 'ses_000000000000000000000000000',
  refusals: [
    ['401', 'auth_failed', null],
    ['402', 'billing_required', null],
    ['429', 'rate_limited', 'transient_upstream'],
  ],
}
