import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { commonSettings } from './common-settings.ts'
import { unknownSettingMessage, unknownSettings } from './unknown-settings.ts'

const schema = z.object(commonSettings)

describe('unknownSettings', () => {
  it('names misspelt keys with the nearest setting', () => {
    expect(unknownSettings(schema, { namespaces: 'x', image: 'a', whoKnows: 1 }).map(unknownSettingMessage)).toEqual([
      'Unknown setting "namespaces" has no effect. Did you mean "namespace"?',
      'Unknown setting "whoKnows" has no effect.',
    ])
  })

  it('says what to do instead of a removed setting', () => {
    expect(unknownSettings(schema, { enableDocker: true }).map(unknownSettingMessage)).toEqual([
      'Setting "enableDocker" was removed and has no effect. Add the daemon to "sidecars", which the operator must allow.',
    ])
  })

  it('looks into nested keys', () => {
    const config = { resources: { limits: { memory: '1Gi', memroy: '1Gi' }, request: { cpu: 1 } } }
    expect(unknownSettings(schema, config).map(({ key }) => key)).toEqual([
      'resources.limits.memroy',
      'resources.request',
    ])
  })

  it('ignores keys that Paperclip adds and blank ones', () => {
    expect(
      unknownSettings(schema, { paperclipRuntimeSkills: [{}], instructionsEntryFile: 'AGENTS.md', oops: ' ' }),
    ).toEqual([])
  })

  it('names a bounded number of keys', () => {
    const config = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`zzz${index}`, 1]))
    expect(unknownSettings(schema, config)).toHaveLength(20)
  })
})
