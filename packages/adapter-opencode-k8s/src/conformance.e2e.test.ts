import { adapterConformance, realPaperclipPlace } from '@agent-jobs/paperclip-testing'
import { describe } from 'vitest'
import { opencodeAgent } from '../test/opencode-agent.ts'

const cluster = process.env['KUBECONFIG']

describe.skipIf(!cluster)('a Paperclip run of OpenCode on a real cluster (needs KUBECONFIG)', () => {
  adapterConformance(opencodeAgent, () => realPaperclipPlace(opencodeAgent, 'opencode-e2e'))
})
