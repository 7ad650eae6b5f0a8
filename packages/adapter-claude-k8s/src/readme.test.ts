import { fileURLToPath } from 'node:url'
import { readmeTests } from '@agent-jobs/paperclip-testing'
import { describe, expect, it } from 'vitest'
import { claudeDefinition } from './claude-definition.ts'

describe('README.md', () => {
  readmeTests({
    definition: claudeDefinition,
    root: fileURLToPath(new URL('..', import.meta.url)),
    name: '@agent-jobs/adapter-claude-k8s',
    prints: 'claude_k8s true\nfail invalid_config\n',
  })

  it('has no two names that a user could confuse', () => {
    expect(Object.keys(claudeDefinition.schema.shape).filter((key) => key !== key.trim())).toEqual([])
  })
})
