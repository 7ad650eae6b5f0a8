import { fileURLToPath } from 'node:url'
import { readmeTests } from '@agent-jobs/paperclip-testing'
import { describe } from 'vitest'
import { opencodeDefinition } from './opencode-definition.ts'

describe('README.md', () => {
  readmeTests({
    definition: opencodeDefinition,
    root: fileURLToPath(new URL('..', import.meta.url)),
    name: '@agent-jobs/adapter-opencode-k8s',
    prints: 'opencode_k8s environment\ntrue\nses_1\n',
  })
})
