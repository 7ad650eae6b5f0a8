import { describe, expect, it } from 'vitest'
import { gatewaySettings } from './gateway-settings.ts'

const settings = { providerOptions: undefined, smallModel: undefined }
const gateway = { eu: { npm: '@ai-sdk/openai-compatible', options: { apiKey: '{env:EU_KEY}' } } }

describe('the providers and the small model for all agents', () => {
  it("are read as Paperclip's own OpenCode adapter reads them, and an agent's own go before them", () => {
    const env = { PAPERCLIP_OPENCODE_PROVIDERS: JSON.stringify(gateway), PAPERCLIP_OPENCODE_SMALL_MODEL: ' eu/small ' }
    expect(gatewaySettings(settings, env)).toEqual({ providers: gateway, smallModel: 'eu/small', warnings: [] })
    const own = { providerOptions: { eu: { npm: 'mine' } }, smallModel: 'a/b' }
    expect(gatewaySettings(own, env)).toEqual({ providers: { eu: { npm: 'mine' } }, smallModel: 'a/b', warnings: [] })
    expect(gatewaySettings(settings, {})).toEqual({ providers: {}, smallModel: undefined, warnings: [] })
  })

  it.each([
    ['sk-secret{', 'is not valid JSON'],
    ['["sk-secret"]', 'is not an object of objects'],
    ['{"eu":"sk-secret"}', 'is not an object of objects'],
    [null, 'comes from a Secret or ConfigMap'],
  ])('are left out by name when unreadable, and their values are never shown: %j', (raw, why) => {
    const { providers, warnings } = gatewaySettings(settings, { PAPERCLIP_OPENCODE_PROVIDERS: raw })
    expect(providers).toEqual({})
    expect(warnings).toEqual([expect.stringContaining(why)])
    expect(warnings.join('')).not.toContain('sk-secret')
  })
})
