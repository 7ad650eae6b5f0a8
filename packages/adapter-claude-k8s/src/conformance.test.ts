import { adapterConformance, miniPaperclipPlace, proxiedMcpTests } from '@agent-jobs/adapter-kit/testing'
import { describe } from 'vitest'
import { claudeAgent } from './testing/claude-agent.ts'

describe('a Paperclip run on the embedded cluster, with the real Claude Code', () => {
  adapterConformance(claudeAgent, () => miniPaperclipPlace(claudeAgent))
  proxiedMcpTests(claudeAgent)
})
