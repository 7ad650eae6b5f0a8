import type { ConnectionOptions } from 'node:tls'
import type { DispatcherOptions } from '@kubernetes/client-node'
import { Agent, buildConnector, ProxyAgent, Socks5ProxyAgent, type Dispatcher } from 'undici'
import type { Credentials } from './credentials.ts'

/** Connections for short calls and for long streams, kept apart so that streams never make a call wait. */
export interface DispatcherPair {
  readonly unary: Dispatcher
  readonly stream: Dispatcher
}

/** Hands out the connections that belong to credentials. */
export interface DispatcherPool {
  for(credentials: Credentials): DispatcherPair
  destroy(): Promise<void>
}

// NAT gateways and load balancers forget a silent connection after 60 s at the earliest; 15 s also finds a dead peer.
const keepAlive = { keepAlive: true, keepAliveInitialDelay: 15_000 }

// HTTP/2 would put all streams on one connection, where one slow reader holds back the others.
const wire = { allowH2: false, keepAliveTimeout: 30_000 }

function connectOptions({ ca, cert, key, pfx, passphrase, rejectUnauthorized, servername }: ConnectionOptions) {
  return { ca, cert, key, pfx, passphrase, rejectUnauthorized, servername, ...keepAlive }
}

function createDispatcher(connection: DispatcherOptions, connections: number | null): Dispatcher {
  const common = { ...wire, connections }
  switch (connection.type) {
    case 'none':
      return new Agent({ ...common, connect: keepAlive })
    case 'agent':
      return new Agent({ ...common, connect: connectOptions(connection.connect) })
    case 'proxy':
      return new ProxyAgent({
        ...common,
        uri: connection.uri,
        requestTls: connectOptions(connection.requestTls),
        connect: connectOptions(connection.connect),
      })
    case 'socks':
      return new Socks5ProxyAgent(connection.uri, {
        ...common,
        requestTls: connectOptions(connection.requestTls),
        connect: buildConnector(keepAlive),
      })
    default:
      return connection satisfies never
  }
}

/** Makes a pool. Streams take one connection each, short calls share at most `maxConnections`. */
export function createDispatcherPool({ maxConnections }: { maxConnections: number }): DispatcherPool {
  const pairs = new Map<string, DispatcherPair>()
  const retired: Promise<void>[] = []

  return {
    for({ fingerprint, connection }) {
      const existing = pairs.get(fingerprint)
      if (existing) return existing
      // Certificates have changed: running requests of the old ones may end, new ones do not start there.
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
