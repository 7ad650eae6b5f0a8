import { adapterConformance, realPaperclipPlace } from '@agent-jobs/paperclip-testing'
import { describe } from 'vitest'
import { codexAgent } from '../test/codex-agent.ts'

const cluster = process.env['KUBECONFIG']

describe.skipIf(!cluster)('a Paperclip run of Codex on a real cluster (needs KUBECONFIG)', () => {
  adapterConformance(codexAgent, () => realPaperclipPlace(codexAgent, 'codex-e2e'))
})
