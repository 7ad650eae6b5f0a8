import { fileURLToPath } from 'node:url'
import { artefactTests } from '@agent-jobs/paperclip-testing'
import { describe } from 'vitest'

describe('what Paperclip loads', () => {
  artefactTests({
    root: fileURLToPath(new URL('..', import.meta.url)),
    type: 'claude_k8s',
    said: {
      type: 'assistant',
      message: { id: 'm', role: 'assistant', model: 'x', content: [{ type: 'text', text: 'Hello' }] },
    },
  })
})
