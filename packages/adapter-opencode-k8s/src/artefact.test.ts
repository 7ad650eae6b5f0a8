import { fileURLToPath } from 'node:url'
import { artefactTests } from '@agent-jobs/paperclip-testing'
import { describe } from 'vitest'

describe('what Paperclip loads', () => {
  artefactTests({
    root: fileURLToPath(new URL('..', import.meta.url)),
    type: 'opencode_k8s',
    said: {
      type: 'text',
      timestamp: 1,
      sessionID: 'ses_1',
      part: { id: 'prt_1', messageID: 'msg_1', sessionID: 'ses_1', type: 'text', text: 'Hello' },
    },
  })
})
