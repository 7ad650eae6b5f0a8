import { fileURLToPath } from 'node:url'
import { podConformance } from '@agent-jobs/adapter-kit/testing'
import { claudeAgent } from './testing/claude-agent.ts'

podConformance(claudeAgent, { root: fileURLToPath(new URL('..', import.meta.url)) })
