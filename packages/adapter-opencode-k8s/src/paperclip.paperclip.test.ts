import { fileURLToPath } from 'node:url'
import { paperclipConformance } from '@agent-jobs/paperclip-testing'
import { opencodeAgent } from '../test/opencode-agent.ts'

paperclipConformance(opencodeAgent, { root: fileURLToPath(new URL('..', import.meta.url)), extent: 'quick' })
