import { fileURLToPath } from 'node:url'
import { paperclipConformance } from '@agent-jobs/paperclip-testing'
import { claudeAgent } from '../test/claude-agent.ts'

paperclipConformance(claudeAgent, { root: fileURLToPath(new URL('..', import.meta.url)) })
