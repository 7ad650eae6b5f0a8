import { miniPaperclipPlace } from '@agent-jobs/adapter-kit/testing'
import { describe } from 'vitest'
import { claudeAgent } from './testing/claude-agent.ts'
import { killedServerTests } from './testing/killed-server-tests.ts'

describe('a run whose server is killed, with the real Claude Code on the embedded cluster', () => {
  killedServerTests(() => miniPaperclipPlace(claudeAgent), { agents: 3 })
})
