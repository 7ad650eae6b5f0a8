import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleepFor } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { added, bookmark, configMap } from '../test/events.ts'
import {
  dropConnection,
  fedStream,
  json,
  startFakeApiServer,
  status,
  type FakeApiServer,
} from '../test/fake-api-server.ts'
import { leftoversOf, nothing } from '../../primitives/test/leftovers.ts'
import { createKubeClient, type KubeClient } from './kube-client.ts'
import type { KubeUser } from './kubeconfig/kube-config.ts'
import { kinds } from './resource-kind.ts'

type Scenario = (client: KubeClient, signal: AbortSignal, api: FakeApiServer) => Promise<unknown>

const read = (client: KubeClient, signal?: AbortSignal) =>
  client.get(kinds.ConfigMap, { name: 'a', namespace: 'ns', signal })
const watch = (client: KubeClient, signal: AbortSignal) =>
  client.listWatch(kinds.ConfigMap, { namespace: 'ns', signal })[Symbol.asyncIterator]()
const swallow = (call: Promise<unknown>) => call.catch((error: unknown) => error)

/** A stop of its own below a signal that lives on, as a caller's run would have. */
async function untilStopped(signal: AbortSignal, work: (stop: AbortController) => Promise<unknown>): Promise<void> {
  const stop = new AbortController()
  const follow = () => stop.abort()
  signal.addEventListener('abort', follow)
  try {
    await work(stop)
  } finally {
    stop.abort()
    signal.removeEventListener('abort', follow)
  }
}

const scenarios: [string, Scenario][] = [
  [
    'calls that succeed',
    async (client, signal, api) => {
      api.answer(json(200, configMap('a', 1)))
      await Promise.all(Array.from({ length: 20 }, () => read(client, signal)))
    },
  ],
  [
    'a call that is refused',
    async (client, signal, api) => {
      api.answer(status(403, 'Forbidden', 'no'))
      await swallow(read(client, signal))
    },
  ],
  [
    'a call that is retried until it gives up',
    async (client, signal, api) => {
      api.answer(dropConnection)
      await swallow(read(client, signal))
    },
  ],
  [
    'a call that gets no answer in time',
    async (client, signal, api) => {
      api.answer(() => undefined)
      await swallow(client.request({ method: 'POST', path: '/x', timeoutMs: 20, signal }))
    },
  ],
  [
    'a call that is aborted',
    async (client, signal, api) => {
      api.answer(() => undefined)
      await untilStopped(signal, async (stop) => {
        const call = swallow(read(client, stop.signal))
        await api.seen(1)
        stop.abort()
        await call
      })
    },
  ],
  [
    'a log that is left in the middle',
    async (client, signal, api) => {
      const stream = fedStream()
      api.answer(stream.answer)
      const log = await client.openLog({ namespace: 'ns', pod: 'p', follow: true, signal })
      stream.raw('one\ntwo\n')
      for await (const piece of log.body) {
        expect(piece.length).toBeGreaterThan(0)
        break
      }
    },
  ],
  [
    'a log that is refused and not read',
    async (client, signal, api) => {
      api.answer(status(404, 'NotFound', 'no'))
      await untilStopped(signal, (stop) => client.openLog({ namespace: 'ns', pod: 'p', signal: stop.signal }))
    },
  ],
  [
    'a watch that is left',
    async (client, signal, api) => {
      const stream = fedStream()
      api.answer(stream.answer)
      await untilStopped(signal, async (stop) => {
        const events = watch(client, stop.signal)
        const first = events.next()
        await stream.opened
        stream.send(added('a', 1), bookmark(2, { end: true }))
        await first
        await events.return?.()
      })
    },
  ],
  [
    'a watch that is refused permanently',
    async (client, signal, api) => {
      api.answer(status(403, 'Forbidden', 'no'))
      await untilStopped(signal, async (stop) => {
        const events = watch(client, stop.signal)
        await swallow(events.next())
      })
    },
  ],
  [
    'a watch of a server that is away',
    async (client, signal, api) => {
      await api.stop()
      await untilStopped(signal, async (stop) => {
        const events = watch(client, stop.signal)
        const first = events.next()
        await sleepFor(0)
        stop.abort()
        await first
      })
    },
  ],
]

describe('a closed client leaves no socket, process, timer or listener behind', () => {
  let api: FakeApiServer
  let folder: string
  beforeEach(async () => {
    api = await startFakeApiServer()
    folder = mkdtempSync(join(tmpdir(), 'kube-api-resources-'))
  })
  afterEach(async () => {
    await api[Symbol.asyncDispose]()
    rmSync(folder, { recursive: true })
  })

  async function leftBy(scenario: Scenario, user: Partial<KubeUser> = { token: 't' }) {
    return await leftoversOf(async (signal, clock) => {
      const { clusters, contexts, currentContext } = api.kubeConfig()
      const kubeConfig = { clusters, contexts, currentContext, users: [{ name: 'tester', ...user }] }
      const client = createKubeClient({ kubeConfig, clock, retry: { attempts: 3, baseMs: 1 } })
      await scenario(client, signal, api)
      await client.close()
      await api.quiet()
    })
  }

  it.each(scenarios)('after %s', async (_what, scenario) => {
    expect(await leftBy(scenario)).toEqual(nothing)
  })

  it('after an exec plugin that answers, and after one that hangs', async () => {
    const program = (name: string, text: string) => {
      const file = join(folder, name)
      writeFileSync(file, `#!/bin/sh\n${text}\n`)
      chmodSync(file, 0o755)
      return { exec: { apiVersion: 'client.authentication.k8s.io/v1', command: file } }
    }
    api.answer(json(200, configMap('a', 1)))
    const credential = '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"t"}}'
    expect(await leftBy((client) => read(client), program('good', `echo '${credential}'`))).toEqual(nothing)
    const hanging: Scenario = (client) => swallow(client.request({ method: 'GET', path: '/x', timeoutMs: 50 }))
    expect(await leftBy(hanging, program('hangs', 'sleep 600'))).toEqual(nothing)
  })

  it('and leftovers are detected', async () => {
    const abort = new AbortController()
    const left = await leftoversOf(async (signal, clock) => {
      clock.sleep(60_000, abort.signal).catch(() => undefined)
      signal.addEventListener('abort', () => undefined)
      await Promise.resolve()
    })
    abort.abort()
    expect(left).toEqual({ ...nothing, sleepers: 1, listeners: 1 })
  })
})
