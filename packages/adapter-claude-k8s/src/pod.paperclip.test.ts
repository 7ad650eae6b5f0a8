import { fileURLToPath } from 'node:url'
import { podConformance } from '@agent-jobs/paperclip-testing'
import { claudeAgent } from '../test/claude-agent.ts'

podConformance(claudeAgent, { root: fileURLToPath(new URL('..', import.meta.url)) })
