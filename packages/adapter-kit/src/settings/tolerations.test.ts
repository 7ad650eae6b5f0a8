import { describe, expect, it } from 'vitest'
import { readTolerations } from './tolerations.ts'

const dedicated = { key: 'dedicated', operator: 'Equal', value: 'agents', effect: 'NoSchedule' }

describe('tolerations', () => {
  it.each([
    ['a list', [dedicated], [dedicated]],
    ["the form's JSON string", JSON.stringify([dedicated]), [dedicated]],
    ['one JSON object', JSON.stringify(dedicated), [dedicated]],
    ['YAML', '- key: dedicated\n  operator: Equal\n  value: agents\n  effect: NoSchedule', [dedicated]],
    ['a line', 'dedicated=agents:NoSchedule', [dedicated]],
    ['a key with an effect', 'gpu:NoExecute', [{ key: 'gpu', operator: 'Exists', effect: 'NoExecute' }]],
    ['a bare key', '# all\nspot\n', [{ key: 'spot', operator: 'Exists' }]],
    ['an unquoted true', '- {key: spot, value: true}', [{ key: 'spot', value: 'true' }]],
    ['an empty list', '[]', []],
    [
      'a prefix',
      'node.example.com/x=1:PreferNoSchedule',
      [{ key: 'node.example.com/x', operator: 'Equal', value: '1', effect: 'PreferNoSchedule' }],
    ],
    ['seconds', '[{"operator":"Exists","tolerationSeconds":30}]', [{ operator: 'Exists', tolerationSeconds: 30 }]],
  ])('are read from %s', (_what, value, expected) => {
    expect(readTolerations(value)).toEqual({ ok: true, value: expected })
  })

  it.each([
    ['an unknown effect in a line', 'a=b:Never', /"a=b:Never" is not a valid toleration/],
    ['an unknown effect in JSON', '[{"effect":"Never"}]', /"effect" is none of/],
    ['an unknown operator', '[{"operator":"In"}]', /"operator"/],
    ['a number as key', '[{"key":1}]', /"key" is a number/],
    ['broken JSON', '[{', /neither lines nor JSON nor YAML/],
    ['a number', 3, /got a number/],
  ])('are refused from %s', (_what, value, message) => {
    const read = readTolerations(value)
    expect(read.ok ? '' : read.error).toMatch(message)
  })
})
