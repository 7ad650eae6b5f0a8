import { fileURLToPath } from 'node:url'
import { artefactTests } from '@agent-jobs/paperclip-testing'
import { describe } from 'vitest'

describe('what Paperclip loads', () => {
  artefactTests({
    root: fileURLToPath(new URL('..', import.meta.url)),
    type: 'codex_k8s',
    said: { type: 'item.completed', item: { id: 'item_0', type: 'agent_message', text: 'Hello' } },
  })
})
