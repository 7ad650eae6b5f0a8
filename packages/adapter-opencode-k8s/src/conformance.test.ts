import { adapterConformance, miniPaperclipPlace, proxiedMcpTests } from '@agent-jobs/paperclip-testing'
import { describe } from 'vitest'
import { opencodeAgent } from '../test/opencode-agent.ts'

// OpenCode alone takes half a minute to start on a machine that is busy with other tests.
describe('a Paperclip run on the embedded cluster, with the real OpenCode', { timeout: 180_000 }, () => {
  adapterConformance(opencodeAgent, () => miniPaperclipPlace(opencodeAgent), { quick: true })
  proxiedMcpTests(opencodeAgent)
})
