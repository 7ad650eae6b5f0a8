import { adapterConformance, miniPaperclipPlace } from '@agent-jobs/adapter-kit/testing'
import { describe } from 'vitest'
import { opencodeAgent } from './testing/opencode-agent.ts'

describe('a Paperclip run on the embedded cluster, with the real OpenCode', () => {
  adapterConformance(opencodeAgent, () => miniPaperclipPlace(opencodeAgent), { quick: true })
})
