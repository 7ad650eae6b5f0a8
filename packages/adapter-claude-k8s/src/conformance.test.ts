import { adapterConformance, miniPaperclipPlace, proxiedMcpTests } from '@agent-jobs/paperclip-testing'
import { describe } from 'vitest'
import { claudeAgent } from '../test/claude-agent.ts'

describe('a Paperclip run on the embedded cluster, with the real Claude Code', () => {
  adapterConformance(claudeAgent, () => miniPaperclipPlace(claudeAgent))
  proxiedMcpTests(claudeAgent)
})
