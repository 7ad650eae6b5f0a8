import { adapterConformance, miniPaperclipPlace, proxiedMcpTests } from '@agent-jobs/paperclip-testing'
import { describe } from 'vitest'
import { codexAgent } from '../test/codex-agent.ts'

describe('a Paperclip run on the embedded cluster, with the real Codex', { timeout: 60_000 }, () => {
  adapterConformance(codexAgent, () => miniPaperclipPlace(codexAgent), { quick: true })
  proxiedMcpTests(codexAgent)
})
