import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isDnsLabel, isDnsName, isLabelKey, isLabelValue, toLabelValue } from './label-value.ts'
import { jobNameFor, nameSlug, secretNameFor } from './object-names.ts'

// The two expressions are Kubernetes' own (apimachinery validation).
const kubernetesLabelValue = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/
const kubernetesDnsLabel = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/
const anyText = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', maxLength: 200 }), fc.uuid())

describe('toLabelValue', () => {
  it('gives a valid label value or null for every text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const value = toLabelValue(text)
        if (value === null) return
        expect(value.length).toBeLessThanOrEqual(63)
        expect(value).toMatch(kubernetesLabelValue)
        expect(isLabelValue(value)).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  it('leaves a valid value as it is', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/), (text) => {
        expect(toLabelValue(text)).toBe(text)
      }),
    )
  })

  it.each([
    ['run/42 ', 'run42'],
    ['--a--', 'a'],
    ['Größe', 'Gre'],
    ['日本', null],
    ['', null],
    ['._-', null],
    [`${'a'.repeat(62)}-b`, 'a'.repeat(62)],
  ])('makes %j into %j', (text, value) => {
    expect(toLabelValue(text)).toBe(value)
  })
})

describe('names', () => {
  it('are DNS labels of at most 63 characters for every key and run id', () => {
    fc.assert(
      fc.property(anyText, anyText, (key, runId) => {
        for (const name of [
          jobNameFor('run', key, runId),
          jobNameFor('agent-opencode', key, runId),
          secretNameFor(key),
        ]) {
          expect(name.length).toBeLessThanOrEqual(63)
          expect(name).toMatch(kubernetesDnsLabel)
          expect(isDnsLabel(name)).toBe(true)
        }
      }),
      { numRuns: 500 },
    )
  })

  it('depend on key and run id alone and differ for runs with the same slugs', () => {
    expect(jobNameFor('ac', 'Agent!', 'Run 1')).toBe(jobNameFor('ac', 'Agent!', 'Run 1'))
    expect(jobNameFor('ac', 'agent', 'run1')).not.toBe(jobNameFor('ac', 'agent!', 'run1'))
    expect(secretNameFor('a')).not.toBe(secretNameFor('A'))
  })

  it.each([
    ['Agent 007_x', 'agent007x'],
    ['---', ''],
    ['a-very-long-name-that-goes-on', 'a-very-long-name'],
    ['abcdefghijklmno-pqr', 'abcdefghijklmno'],
  ])('slug %j as %j', (text, slug) => {
    expect(nameSlug(text)).toBe(slug)
  })
})

describe('label keys and DNS names', () => {
  it.each(['app', 'paperclip.io/agent-id', 'a.b-c/D_e.f', 'kueue.x-k8s.io/queue-name'])('accepts the key %s', (key) => {
    expect(isLabelKey(key)).toBe(true)
  })
  it.each(['', '/', 'a/', '/a', 'a/b/c', 'UPPER.io/x', '-a', 'a b', `x/${'y'.repeat(64)}`])(
    'refuses the key %j',
    (key) => {
      expect(isLabelKey(key)).toBe(false)
    },
  )
  it('takes dots in names but not in labels', () => {
    expect(isDnsName('a.b')).toBe(true)
    expect(isDnsLabel('a.b')).toBe(false)
    expect(isDnsName('a..b')).toBe(false)
  })
})
