import { fileURLToPath } from 'node:url'
import { builtInConformance } from '@agent-jobs/paperclip-testing'
import { claudeAgent } from '../test/claude-agent.ts'

builtInConformance(claudeAgent, {
  root: fileURLToPath(new URL('..', import.meta.url)),
  provider: 'anthropic',
  host: 'api.anthropic.com',
})
