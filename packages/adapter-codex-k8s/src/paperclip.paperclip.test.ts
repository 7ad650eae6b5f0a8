import { fileURLToPath } from 'node:url'
import { paperclipConformance } from '@agent-jobs/paperclip-testing'
import { codexAgent } from '../test/codex-agent.ts'

paperclipConformance(codexAgent, { root: fileURLToPath(new URL('..', import.meta.url)), extent: 'brief' })
