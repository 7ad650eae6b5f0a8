import { BlockList, isIP } from 'node:net'
import { isLoopback } from './loopback.ts'

/** The proxy variables, in either case; `process.env` is one. */
export type ProxyEnvironment = Readonly<Record<string, string | undefined>>

/** As in curl and Go: the lower-case variable wins. */
function read(env: ProxyEnvironment, name: string): string {
  return (env[name.toLowerCase()] || env[name] || '').trim()
}

function inSubnet(host: string, entry: string): boolean {
  const [net = '', prefix = ''] = entry.split('/')
  const family = isIP(net)
  if (family === 0 || isIP(host) !== family || !/^\d+$/.test(prefix) || Number(prefix) > (family === 4 ? 32 : 128)) {
    return false
  }
  const type = family === 4 ? 'ipv4' : 'ipv6'
  const subnet = new BlockList()
  subnet.addSubnet(net, Number(prefix), type)
  return subnet.check(host, type)
}

/** Whether a NO_PROXY entry matches: a name and all below it, `.name`, `*`, an address, a subnet; with a port or none. */
function means(entry: string, host: string, port: string): boolean {
  if (entry === '*') return true
  if (entry.includes('/')) return inSubnet(host, entry)
  const bracketed = /^\[(.+)\](?::(\d+))?$/.exec(entry)
  const named = isIP(entry) === 6 ? undefined : /^(.*?)(?::(\d+))?$/.exec(entry)
  const [, name = entry, wantedPort] = bracketed ?? named ?? []
  if (wantedPort !== undefined && wantedPort !== port) return false
  const wanted = name.replace(/^\*(?=\.)/, '').toLowerCase()
  if (isIP(wanted) !== 0) return wanted === host
  return wanted.startsWith('.') ? host.endsWith(wanted) : host === wanted || host.endsWith(`.${wanted}`)
}

/**
 * The proxy for a server by HTTPS_PROXY (HTTP_PROXY for plain HTTP) and NO_PROXY, as kubectl reads them; undefined for
 * none. Never used for this machine itself.
 *
 * @example
 * createKubeClient({ kubeConfig, proxyUrl: proxyFromEnvironment(kubeConfig.getCurrentCluster()?.server ?? '', process.env) })
 */
export function proxyFromEnvironment(server: string, env: ProxyEnvironment): string | undefined {
  const address = URL.parse(server)
  if (address === null) return undefined
  const { protocol, hostname, port } = address
  const host = hostname.replace(/^\[(.*)\]$/, '$1').toLowerCase()
  if (isLoopback(server)) return undefined
  const proxy = read(env, protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY')
  if (proxy === '') return undefined
  const actualPort = port || (protocol === 'https:' ? '443' : '80')
  for (const entry of read(env, 'NO_PROXY').split(',')) {
    if (entry.trim() !== '' && means(entry.trim(), host, actualPort)) return undefined
  }
  return proxy.includes('://') ? proxy : `http://${proxy}`
}
