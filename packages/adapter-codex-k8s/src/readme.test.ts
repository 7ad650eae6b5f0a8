import { fileURLToPath } from 'node:url'
import { readmeTests } from '@agent-jobs/paperclip-testing'
import { describe } from 'vitest'
import { codexDefinition } from './codex-definition.ts'

describe('README.md', () => {
  readmeTests({
    definition: codexDefinition,
    root: fileURLToPath(new URL('..', import.meta.url)),
    name: '@agent-jobs/adapter-codex-k8s',
    prints: 'codex_k8s native_mcp\ntrue\n01a228d8-f2e1-7872-a036-e1fbb3403739\n',
  })
})
