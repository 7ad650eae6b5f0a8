import { describe, expect, it } from 'vitest'
import { printHelm } from './print-helm.ts'
import {
  all,
  any,
  data,
  each,
  equal,
  fallback,
  item,
  join,
  json,
  not,
  releaseNamespace,
  text,
  value,
  when,
  withMember,
} from './template.ts'

describe('printHelm', () => {
  it('prints values, texts and fallbacks as expressions that end as JSON', () => {
    const template = {
      a: value('server.image'),
      b: text`100% of ${value('name')} in ${releaseNamespace}`,
      c: fallback(value('x'), value('y')),
      d: json(value('policy')),
      e: 'a: b',
      f: join(value('hosts')),
      g: withMember(value('m'), 'a.b', data([{ c: value('c'), n: 1 }]), not(value('d'))),
    }
    expect(printHelm(template)).toBe(`a: {{ $.Values.server.image | toJson }}
b: {{ (printf "100%% of %v in %v" $.Values.name $.Release.Namespace) | toJson }}
c: {{ (default $.Values.y $.Values.x) | toJson }}
d: {{ (mustToRawJson $.Values.policy) | toJson }}
e: "a: b"
f: {{ (join "," $.Values.hosts) | toJson }}
g: {{ (ternary (mustMergeOverwrite (dict "a" (dict "b" (list (dict "c" $.Values.c "n" 1)))) $.Values.m) $.Values.m (not (not (not $.Values.d)))) | toJson }}
`)
  })

  it('wraps members, elements and whole objects in their conditions', () => {
    const condition = all(value('a'), any(not(value('b')), equal(value('c'), 'x'), equal(value('c'), releaseNamespace)))
    expect(printHelm(when(condition, { list: ['x', when(value('d'), { y: 1 }), each(value('e'), { z: item('z') })] })))
      .toBe(`{{- if (and $.Values.a (or (not $.Values.b) (eq $.Values.c "x") (eq $.Values.c $.Release.Namespace))) }}
list:
  - "x"
{{- if $.Values.d }}
  -
    y: 1
{{- end }}
{{- range $item := $.Values.e }}
  -
    z: {{ $item.z | toJson }}
{{- end }}
{{- end }}
`)
  })

  it('refuses a map or list that could be printed empty, which YAML reads as null', () => {
    expect(() => printHelm({ spec: { only: when(value('a'), 1) } })).toThrow('Everything in spec is conditional')
    expect(() => printHelm({ list: [each(value('a'), item())] })).toThrow('Everything in list is conditional')
    expect(printHelm({ spec: {}, list: [] })).toBe('spec: {}\nlist: []\n')
  })
})
