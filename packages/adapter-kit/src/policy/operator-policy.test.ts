import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { AdapterError } from '../adapter-error.ts'
import { defaultPolicy, loadPolicy, parsePolicy } from './operator-policy.ts'

describe('the operator policy', () => {
  it('is the safe default when the operator sets none', () => {
    expect(loadPolicy({})).toEqual(defaultPolicy)
    expect(loadPolicy({ AGENT_JOBS_POLICY: ' ' })).toEqual(defaultPolicy)
    expect(loadPolicy({ PAPERCLIP_AGENT_JOBS_POLICY: 'allow: { enableDocker: true }' }).allow).toEqual({
      enableDocker: ['*'],
    })
  })

  it('is read from the environment as YAML or JSON', () => {
    expect(
      loadPolicy({ AGENT_JOBS_POLICY: 'allow: { image: ["a/*"], serviceAccountToken: true, volumeFolders: false }' }),
    ).toEqual({
      ...defaultPolicy,
      allow: { image: ['a/*'], serviceAccountToken: ['*'], volumeFolders: [] },
    })
    expect(loadPolicy({ AGENT_JOBS_POLICY: '{"inherit": {"env": ["SLACK_*"]}}' }).inherit).toEqual({
      env: ['SLACK_*'],
      volumes: [],
    })
  })

  it('is read from a mounted file, again each time', () => {
    const file = join(mkdtempSync(join(tmpdir(), 'policy-')), 'policy.yaml')
    const env = { AGENT_JOBS_POLICY_FILE: file }
    writeFileSync(file, 'maximum: { timeoutSec: 60 }')
    expect(loadPolicy(env).maximum).toEqual({ timeoutSec: 60 })
    writeFileSync(file, 'maximum: { timeoutSec: 90 }')
    expect(loadPolicy(env).maximum).toEqual({ timeoutSec: 90 })
  })

  it.each([
    ['an empty file', '# nothing\n', /it is empty/],
    ['a misspelt section', 'alow: {}', /Unrecognized key: "alow"/],
    ['a text instead of patterns', 'allow: { image: ghcr.io }', /"allow\.image"/],
    ['a negative maximum', 'maximum: { timeoutSec: -1 }', /"maximum\.timeoutSec/],
    ['broken YAML', 'allow: [', /is invalid/],
    ['a list', '- allow', /"\(policy\)"/],
    ['aliases, which could unfold without end', 'a: &a [1]\nb: *a', /is invalid/],
    ['a text that is too long', `# ${'x'.repeat(1_100_000)}`, /longer than/],
  ])('is refused for %s', (_what, text, message) => {
    const attempt = () => parsePolicy(text, 'policy.yaml')
    expect(attempt).toThrow(AdapterError)
    expect(attempt).toThrow(message)
    expect(attempt).toThrow(/No agent runs until/)
  })

  it('is refused when the file is missing or both sources are set', () => {
    expect(() => loadPolicy({ AGENT_JOBS_POLICY_FILE: '/nowhere/policy.yaml' })).toThrow(/cannot be read/)
    expect(() => loadPolicy({ AGENT_JOBS_POLICY: '{}', AGENT_JOBS_POLICY_FILE: '/x' })).toThrow(/only one of them/)
  })
})
