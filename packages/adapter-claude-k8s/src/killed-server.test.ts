import { miniPaperclipPlace } from '@agent-jobs/paperclip-testing'
import { describe } from 'vitest'
import { claudeAgent } from '../test/claude-agent.ts'
import { killedServerTests } from '../test/killed-server-tests.ts'

describe('a run whose server is killed, with the real Claude Code on the embedded cluster', () => {
  killedServerTests(() => miniPaperclipPlace(claudeAgent), { agents: 3 })
})
