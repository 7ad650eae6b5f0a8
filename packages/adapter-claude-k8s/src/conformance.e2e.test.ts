import { adapterConformance, realPaperclipPlace } from '@agent-jobs/paperclip-testing'
import { describe } from 'vitest'
import { claudeAgent } from '../test/claude-agent.ts'

const cluster = process.env['KUBECONFIG']

describe.skipIf(!cluster)('a Paperclip run of Claude Code on a real cluster (needs KUBECONFIG)', () => {
  adapterConformance(claudeAgent, () => realPaperclipPlace(claudeAgent, 'adapter-e2e'))
})
