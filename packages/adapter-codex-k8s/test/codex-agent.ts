import { createAdapter } from '@agent-jobs/adapter-kit'
import { npmProgram, type ConformanceAgent } from '@agent-jobs/paperclip-testing'
import { codexDefinition } from '../src/codex-definition.ts'

/** Codex as tests run it. */
export const codexAgent: ConformanceAgent = {
  definition: codexDefinition,
  adapter: (deps) => createAdapter(codexDefinition, deps),
  program: npmProgram(import.meta.url, '@openai/codex', 'codex'),
  image: 'local/agent:2',
  serverEnv: { DATABASE_URL: 'postgres://u:p@db/x', TEAM: 'core', CODEX_API_KEY: 'sk-test-0123456789' },
  // A model without code mode: the scripted model calls its shell tool.
  config: (url) => ({ model: 'gpt-5.5', env: { OPENAI_BASE_URL: `${url}/v1`, CODEX_API_KEY: 'sk-test-0123456789' } }),
  secrets: /sk-test-0123456789|postgres:/,
  firstLine: '"type":"thread.started"',
  // The program in the pod passes a SIGTERM on as SIGINT.
  stoppedExitCode: 1,
  billing: { provider: 'openai' },
  unknownSession: () => '01a228d2-0000-7bb3-ac09-cfc1e9a7259b',
  refusals: [
    ['401', 'auth_failed', null],
    ['402', 'billing_required', null],
    ['429', 'rate_limited', 'transient_upstream'],
  ],
}
