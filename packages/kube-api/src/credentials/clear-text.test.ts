import { expect, it } from 'vitest'
import { KubeError } from '../kube-error.ts'
import { refuseClearText } from './clear-text.ts'

type Cluster = Parameters<typeof refuseClearText>[0]

const refusalOf = (cluster: Omit<Cluster, 'name'>): string | undefined => {
  try {
    refuseClearText({ name: 'c', ...cluster })
    return undefined
  } catch (error) {
    return KubeError.isInstance(error) ? `${error.code}: ${error.message}` : 'not a KubeError'
  }
}

it.each<[string, Omit<Cluster, 'name'>]>([
  ['https', { server: 'https://kube.example' }],
  ['https through a proxy', { server: 'https://kube.example', proxyUrl: 'http://proxy.example' }],
  ['http on this machine', { server: 'http://127.0.0.1:8001' }],
  ['http on this machine through a proxy of this machine', { server: 'http://localhost', proxyUrl: 'http://[::1]:1' }],
  ['http with checks turned off', { server: 'http://kube.example', skipTLSVerify: true }],
])('allows %s', (_what, cluster) => {
  expect(refusalOf(cluster)).toBeUndefined()
})

it.each<[string, Omit<Cluster, 'name'>]>([
  ['http to another machine', { server: 'http://kube.example' }],
  [
    'http to another machine through a proxy of this one',
    { server: 'http://kube.example', proxyUrl: 'http://127.0.0.1:1' },
  ],
  ['http to this machine through a proxy of another', { server: 'http://127.0.0.1', proxyUrl: 'socks5://p.example' }],
  ['http with checks left on', { server: 'http://kube.example', skipTLSVerify: false }],
])('refuses %s', (_what, cluster) => {
  expect(refusalOf(cluster)).toMatch(/^credentials: The address http:.* has no TLS/)
})
