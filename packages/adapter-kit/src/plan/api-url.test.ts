import { describe, expect, it } from 'vitest'
import { podApiUrl } from './api-url.ts'

const nothing = { setting: undefined, configured: null, env: {}, serverPodIp: null }

describe("Paperclip's address for a pod", () => {
  it.each([
    [
      'the setting',
      { setting: 'http://set/', configured: 'http://conf', env: { PAPERCLIP_API_URL: 'http://own' } },
      'http://set',
    ],
    ["the agent's own variable", { configured: 'http://conf' }, 'http://conf'],
    [
      "the server's address",
      { env: { PAPERCLIP_API_URL: 'https://paperclip.example' }, serverPodIp: '10.0.0.5' },
      'https://paperclip.example',
    ],
    ['the runtime address', { env: { PAPERCLIP_RUNTIME_API_URL: 'http://svc:3100' } }, 'http://svc:3100'],
    [
      "the pod's address instead of a loopback",
      { env: { PAPERCLIP_API_URL: 'http://localhost:3200', HOST: '0.0.0.0' }, serverPodIp: '10.0.0.5' },
      'http://10.0.0.5:3200',
    ],
    ["the pod's IPv6 address", { env: { HOST: '::', PORT: '3300' }, serverPodIp: 'fd00::5' }, 'http://[fd00::5]:3300'],
  ])('is %s', (_what, input, url) => {
    expect(podApiUrl({ ...nothing, ...input })).toEqual({ url, warning: null })
  })

  it('is unknown, with a remedy, when the server listens on loopback only', () => {
    const { url, warning } = podApiUrl({
      ...nothing,
      env: { PAPERCLIP_API_URL: 'http://127.0.0.1:3100' },
      serverPodIp: '10.0.0.5',
    })
    expect(url).toBe('http://127.0.0.1:3100')
    expect(warning).toMatch(/Set "paperclipApiUrl"/)
  })
})
