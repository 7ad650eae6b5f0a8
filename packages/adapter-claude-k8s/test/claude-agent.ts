import { randomUUID } from 'node:crypto'
import { createAdapter } from '@agent-jobs/adapter-kit'
import { npmProgram, type ConformanceAgent } from '@agent-jobs/paperclip-testing'
import { claudeDefinition } from '../src/claude-definition.ts'

/** Claude Code as tests run it. */
export const claudeAgent: ConformanceAgent = {
  definition: claudeDefinition,
  adapter: (deps) => createAdapter(claudeDefinition, deps),
  program: npmProgram(import.meta.url, '@anthropic-ai/claude-code', 'claude'),
  serverEnv: { ANTHROPIC_API_KEY: 'sk-ant-test-0123456789', DATABASE_URL: 'postgres://u:p@db/x', TEAM: 'core' },
  config: (url, shell) => ({
    env: { ANTHROPIC_BASE_URL: url, CLAUDE_CODE_MAX_RETRIES: '1', ...(shell === null ? {} : { SHELL: shell }) },
  }),
  secrets: /sk-ant-test|postgres:/,
  firstLine: '"subtype":"init"',
  billing: { provider: 'anthropic', billingType: 'api' },
  unknownSession: () => randomUUID(),
  refusals: [
    ['401', 'auth_failed', null],
    ['402', 'billing_required', null],
    ['529', 'overloaded', 'transient_upstream'],
  ],
  // Claude Code reads the headers of a subscription only when it is logged in to one.
  quota: { env: { CLAUDE_CODE_OAUTH_TOKEN: 'sk-ant-oat01-test-0123456789' }, inheritedEnvDeny: 'ANTHROPIC_API_KEY' },
}
