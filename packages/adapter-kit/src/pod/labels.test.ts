import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { extraLabels, identityLabels, labelValue } from './labels.ts'
import { jobName } from './job-name.ts'

const valid = /^(?:[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)$/
const shared = { mode: 'shared', keyHash: null, sessionScope: null }

describe('label values', () => {
  it('are valid for every text, or null', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const value = labelValue(text)
        expect(value === null || (value.length <= 63 && valid.test(value))).toBe(true)
      }),
    )
  })

  it.each([
    ['Agent-1', 'Agent-1'],
    ['  -_x_-  ', 'x'],
    [`${'a'.repeat(62)}-b`, 'a'.repeat(62)],
    ['ü!§', null],
    ['', null],
    [null, null],
  ])('of %j are %j', (text, value) => {
    expect(labelValue(text)).toBe(value)
  })
})

describe('the labels of a run', () => {
  it('name what is known and leave out the rest', () => {
    expect(
      identityLabels({
        adapterType: 'claude_k8s',
        agentId: 'A',
        runId: 'r',
        companyId: 'c',
        taskId: null,
        sessionId: '…',
        isolation: shared,
      }),
    ).toEqual({
      'app.kubernetes.io/managed-by': 'paperclip',
      'app.kubernetes.io/component': 'agent-job',
      'paperclip.io/adapter-type': 'claude_k8s',
      'paperclip.io/agent-id': 'A',
      'paperclip.io/run-id': 'r',
      'paperclip.io/company-id': 'c',
      'paperclip.io/isolation-mode': 'shared',
    })
  })

  it("take the user's labels but not reserved or invalid ones", () => {
    expect(
      extraLabels({
        team: 'core',
        'example.com/tier': 'Gold plan',
        empty: '',
        'paperclip.io/agent-id': 'x',
        'app.kubernetes.io/name': 'x',
        'a/b/c': 'x',
        '-bad': 'x',
        value: '…',
      }),
    ).toEqual({
      labels: { team: 'core', 'example.com/tier': 'Goldplan', empty: '' },
      skipped: [
        { name: 'paperclip.io/agent-id', reason: 'reserved' },
        { name: 'app.kubernetes.io/name', reason: 'reserved' },
        { name: 'a/b/c', reason: 'invalid' },
        { name: '-bad', reason: 'invalid' },
        { name: 'value', reason: 'invalid' },
      ],
    })
  })
})

describe('Job names', () => {
  it('follow the form that users know', () => {
    expect(jobName('ac', 'Agent_One', '3fa85f64-5717-4562-b3fc-2c963f66afa6')).toBe(
      'ac-agentone-3fa85f64-5717-45-7040fa',
    )
  })

  it('are valid and short for every identity, and differ when slugs collide', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (agent, run) => {
        expect(jobName('agent-opencode', agent, run)).toMatch(/^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?$/)
        expect(jobName('agent-opencode', agent, run).length).toBeLessThanOrEqual(63)
      }),
    )
    expect(jobName('ac', 'a', 'run-1234567890123-x')).not.toBe(jobName('ac', 'a', 'run-1234567890123-y'))
  })
})
