import { adapterConformance, realPaperclipPlace } from '@agent-jobs/adapter-kit/testing'
import { describe } from 'vitest'
import { claudeAgent } from './testing/claude-agent.ts'

const cluster = process.env['KUBECONFIG']

describe.skipIf(!cluster)('a Paperclip run of Claude Code on a real cluster (needs KUBECONFIG)', () => {
  adapterConformance(claudeAgent, () => realPaperclipPlace(claudeAgent, 'adapter-e2e'))
})
