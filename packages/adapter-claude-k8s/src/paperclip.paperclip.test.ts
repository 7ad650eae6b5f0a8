import { fileURLToPath } from 'node:url'
import { paperclipConformance } from '@agent-jobs/adapter-kit/testing'
import { claudeAgent } from './testing/claude-agent.ts'

paperclipConformance(claudeAgent, { root: fileURLToPath(new URL('..', import.meta.url)) })
