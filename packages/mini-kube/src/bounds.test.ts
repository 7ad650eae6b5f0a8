import { once } from 'node:events'
import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { createManualClock } from '@agent-jobs/primitives'
import { EventRecorder } from './event-recorder.ts'
import { LogFile } from './kubelet/log-file.ts'
import { startMiniKube } from './mini-kube.ts'
import { seededRandom } from './names.ts'
import { ObjectStore } from './store/object-store.ts'
import { testClient } from '../test/test-client.ts'

const maps = '/api/v1/namespaces/default/configmaps'

describe('what mini-kube keeps', () => {
  it('is the last changes of each kind: an older watch gets 410, a newer one continues', async () => {
    await using kube = await startMiniKube({ watchWindow: 50 })
    const client = testClient(kube)
    const versions: string[] = []
    for (let index = 0; index < 120; index++) {
      const made = await client.send('POST', maps, { metadata: { name: `m-${index}` } })
      versions.push(made.body.metadata.resourceVersion)
    }
    const watch = async (version: string | undefined) => {
      const seen: string[] = []
      const path = `${maps}?watch=true&timeoutSeconds=1&resourceVersion=${version}`
      for await (const { type, object } of client.watch(path)) seen.push(type === 'ERROR' ? String(object.code) : type)
      return seen
    }
    expect(await watch(versions[20])).toEqual(['410'])
    expect(await watch(versions.at(-41))).toEqual(Array.from({ length: 40 }, () => 'ADDED'))
  })

  it('is a limited number of Events, none older than an hour', async () => {
    const clock = createManualClock({ wallTime: Date.UTC(2026, 0, 1) })
    const store = new ObjectStore({})
    const random = seededRandom(1)
    const events = new EventRecorder({ store, clock, random, nodeName: 'n', ttlMs: 3_600_000, limit: 100 })
    const about = {
      kind: 'Pod',
      apiVersion: 'v1',
      metadata: { name: 'p', namespace: 'default', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
    }
    const record = (message: string) =>
      events.record({ about, type: 'Normal', reason: 'R', message, component: 'kubelet' })
    for (let index = 0; index < 1_000; index++) {
      record(`old ${index}`)
      expect(store.count('events')).toBeLessThanOrEqual(101)
    }
    await clock.advance(3_700_000)
    for (let index = 0; index < 200; index++) record(`new ${index}`)
    const left = store.list('events').map((one) => String(one['message']).slice(0, 3))
    expect(new Set(left)).toEqual(new Set(['new']))
  })

  it('is one log file and two old ones of a container that never stops writing', () => {
    const folder = mkdtempSync(join(tmpdir(), 'bounds-'))
    const log = new LogFile(join(folder, '0.log'), () => Date.now(), { rotateBytes: 64 * 1024 })
    for (let index = 0; index < 4_096; index++) log.write('stdout', Buffer.from(`${'x'.repeat(1_000)}\n`))
    log.end()
    const files = readdirSync(folder).map((name) => statSync(join(folder, name)).size)
    rmSync(folder, { recursive: true })
    expect(files.length).toBeLessThanOrEqual(3)
    expect(Math.max(...files)).toBeLessThan(66 * 1024)
  })

  it('is 16 MiB for a watcher that does not read: then it is cut off', async () => {
    const cut = new AbortController()
    await using kube = await startMiniKube({
      onRequest: ({ path }) => (path.includes('watch=true') ? cut.abort() : undefined),
    })
    const client = testClient(kube)
    const { hostname, port } = new URL(kube.url)
    const socket = connect(Number(port), hostname)
    socket.on('error', () => socket.destroy())
    await once(socket, 'connect')
    socket.pause()
    socket.write(`GET ${maps}?watch=true HTTP/1.1\r\nhost: x\r\nauthorization: Bearer ${kube.token}\r\n\r\n`)
    await client.send('POST', maps, { metadata: { name: 'big' } })
    const ended = once(cut.signal, 'abort')
    for (let index = 0; index < 60 && !cut.signal.aborted; index++) {
      const data = { a: `${index}`.padEnd(1_000_000, 'x') }
      await client.send('PUT', `${maps}/big`, { metadata: { name: 'big' }, data })
    }
    await ended
    socket.destroy()
    expect((await client.get(`${maps}/big`)).status).toBe(200)
  })
})
