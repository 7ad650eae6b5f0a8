import { Agent, buildConnector, ProxyAgent, Socks5ProxyAgent, type Dispatcher } from 'undici'
import type { ConnectionSettings } from './credentials/connection-settings.ts'
import type { Credentials } from './credentials/credential-source.ts'

/** Connections for short calls and for long streams, kept apart so that streams never make a call wait. */
export interface DispatcherPair {
  readonly unary: Dispatcher
  readonly stream: Dispatcher
}

/** Provides the connections that belong to credentials. */
export interface DispatcherPool {
  for(credentials: Credentials): DispatcherPair
  destroy(): Promise<void>
}

// NAT gateways and load balancers forget a silent connection after 60 s at the earliest; 15 s also finds a dead peer.
const keepAlive = { keepAlive: true, keepAliveInitialDelay: 15_000 }

// HTTP/2 would put all streams on one connection, where one slow reader holds back the others.
const wire = { allowH2: false, keepAliveTimeout: 30_000 }

function createDispatcher({ tls, proxyUrl }: ConnectionSettings, connections: number | null): Dispatcher {
  const common = { ...wire, connections }
  const connect = { ...tls, ...keepAlive }
  if (proxyUrl === undefined) return new Agent({ ...common, connect })
  if (proxyUrl.startsWith('socks')) {
    // undici accepts one of the three spellings in use.
    const uri = proxyUrl.replace(/^socks5h?:|^socks:/, 'socks5:')
    return new Socks5ProxyAgent(uri, { ...common, requestTls: connect, connect: buildConnector(keepAlive) })
  }
  return new ProxyAgent({ ...common, uri: proxyUrl, requestTls: connect, connect: keepAlive })
}

/** Creates a pool. Streams take one connection each, short calls share at most `maxConnections`. */
export function createDispatcherPool({ maxConnections }: { maxConnections: number }): DispatcherPool {
  const pairs = new Map<string, DispatcherPair>()
  const retired: Promise<void>[] = []

  return {
    for({ fingerprint, connection }) {
      const existing = pairs.get(fingerprint)
      if (existing) return existing
      // Certificates have changed: running requests may finish on the old ones, new ones must not use them.
      for (const [key, pair] of pairs) {
        pairs.delete(key)
        retired.push(pair.unary.close(), pair.stream.close())
      }
      const pair = { unary: createDispatcher(connection, maxConnections), stream: createDispatcher(connection, null) }
      pairs.set(fingerprint, pair)
      return pair
    },
    async destroy() {
      const open = [...pairs.values()].flatMap(({ unary, stream }) => [unary.destroy(), stream.destroy()])
      pairs.clear()
      await Promise.all([...open, ...retired])
    },
  }
}
