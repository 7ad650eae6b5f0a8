import { fileURLToPath } from 'node:url'
import { helmConformance } from '@agent-jobs/paperclip-testing'
import { claudeAgent } from '../test/claude-agent.ts'

helmConformance(claudeAgent, { root: fileURLToPath(new URL('..', import.meta.url)) })
