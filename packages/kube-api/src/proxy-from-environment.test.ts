import { describe, expect, it } from 'vitest'
import { proxyFromEnvironment } from './proxy-from-environment.ts'

const server = 'https://api.cluster.example:6443'
const proxy = 'http://proxy.example:3128'

describe('the proxy of the environment', () => {
  it.each([
    ['HTTPS_PROXY', { HTTPS_PROXY: proxy }, server, proxy],
    ['the variable in lower case', { https_proxy: proxy }, server, proxy],
    ['the lower case first', { https_proxy: proxy, HTTPS_PROXY: 'http://other.example' }, server, proxy],
    ['a proxy without a scheme', { HTTPS_PROXY: 'proxy.example:3128' }, server, proxy],
    ['SOCKS', { HTTPS_PROXY: 'socks5://proxy.example:1080' }, server, 'socks5://proxy.example:1080'],
    ['HTTP_PROXY only for plain servers', { HTTP_PROXY: proxy }, server, undefined],
    ['a plain server', { HTTP_PROXY: proxy }, 'http://api.example', proxy],
    ['none', {}, server, undefined],
    ['an invalid address', { HTTPS_PROXY: proxy }, 'nowhere', undefined],
    ['an empty variable', { HTTPS_PROXY: ' ' }, server, undefined],
    ['this machine', { HTTPS_PROXY: proxy }, 'https://localhost:6443', undefined],
    ['this machine by address', { HTTPS_PROXY: proxy }, 'https://127.0.0.53:6443', undefined],
    ['this machine by its other address', { HTTPS_PROXY: proxy }, 'https://[::1]:6443', undefined],
  ])('heeds %s', (_, env, address, expected) => {
    expect(proxyFromEnvironment(address, env)).toBe(expected)
  })

  it.each([
    ['*', server, true],
    ['api.cluster.example', server, true],
    ['cluster.example', server, true],
    ['.cluster.example', server, true],
    ['*.cluster.example', server, true],
    ['CLUSTER.example', server, true],
    ['uster.example', server, false],
    ['.api.cluster.example', server, false],
    ['api.cluster.example:6443', server, true],
    ['api.cluster.example:443', server, false],
    ['api.cluster.example:443', 'https://api.cluster.example', true],
    ['other.example, cluster.example', server, true],
    [' , ,', server, false],
    ['10.96.0.1', 'https://10.96.0.1', true],
    ['10.96.0.0/12', 'https://10.96.0.1', true],
    ['10.96.0.0/12', 'https://10.112.0.1', false],
    ['10.96.0.0/99', 'https://10.96.0.1', false],
    ['fd00::/8', 'https://[fd00:10::1]:6443', true],
    ['fd00::/8', 'https://10.96.0.1', false],
    ['fd00:10::1', 'https://[fd00:10::1]:6443', true],
    ['[fd00:10::1]:6443', 'https://[fd00:10::1]:6443', true],
    ['[fd00:10::1]:443', 'https://[fd00:10::1]:6443', false],
    ['0.96.0.1', 'https://10.96.0.1', false],
  ])('NO_PROXY %j for %s: %s', (entry, address, isDirect) => {
    const env = { HTTPS_PROXY: proxy, NO_PROXY: entry }
    expect(proxyFromEnvironment(address, env)).toBe(isDirect ? undefined : proxy)
  })
})
