import { describe, expect, it } from 'vitest'
import { resources } from '../kinds/registry.ts'
import { decodeObject } from './decode-object.ts'
import { definitionNames, definitionOf, fieldsOf } from './kube-schema.ts'

describe('the schema', () => {
  it('has every kind that is stored', () => {
    const stored = resources.filter((resource) => resource.stored)
    expect(stored.filter((resource) => fieldsOf(definitionOf(resource)) === undefined)).toEqual([])
  })

  it('has every definition it refers to', () => {
    const open = definitionNames().flatMap((name) =>
      [...(fieldsOf(name)?.values() ?? [])].flatMap(({ type }) => {
        const inner = type.kind === 'list' || type.kind === 'map' ? type.of : type
        return inner.kind === 'object' && fieldsOf(inner.name) === undefined ? [`${name} → ${inner.name}`] : []
      }),
    )
    // It refers to itself by way of nothing that can be stored.
    expect(open).toEqual([])
  })
})

describe('decoding', () => {
  it('drops nulls and unknown fields, names the latter, and writes amounts in their one form', () => {
    const container = { name: 'a', command: null, resources: { limits: { cpu: '1000m' } }, x: [1] }
    const body = { metadata: { name: 'p', labels: null, y: 1 }, spec: { containers: [container] } }
    expect(decodeObject(body, 'core.v1.Pod')).toEqual({
      ok: true,
      object: { metadata: { name: 'p' }, spec: { containers: [{ name: 'a', resources: { limits: { cpu: '1' } } }] } },
      unknown: ['metadata.y', 'spec.containers[0].x'],
    })
  })

  it('does not touch what it was given', () => {
    const body = Object.freeze({ spec: Object.freeze({ containers: Object.freeze([]) }) })
    expect(decodeObject(body, 'core.v1.Pod')).toMatchObject({ ok: true, unknown: [] })
  })

  it.each([
    [{ spec: [] }, 'json: cannot unmarshal array into Go struct field Pod.spec of type v1.PodSpec'],
    [
      { spec: { nodeSelector: [] } },
      'json: cannot unmarshal array into Go struct field PodSpec.spec.nodeSelector of type map[string]string',
    ],
    [
      { metadata: { creationTimestamp: 'today' } },
      'parsing time "today" as "2006-01-02T15:04:05Z07:00": cannot parse "today" as "2006"',
    ],
  ])('%j is refused', (body, message) => expect(decodeObject(body, 'core.v1.Pod')).toEqual({ ok: false, message }))
})
