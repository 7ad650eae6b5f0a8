import { fileURLToPath } from 'node:url'
import { paperclipConformance } from '@agent-jobs/adapter-kit/testing'
import { opencodeAgent } from './testing/opencode-agent.ts'

paperclipConformance(opencodeAgent, { root: fileURLToPath(new URL('..', import.meta.url)), quick: true })
