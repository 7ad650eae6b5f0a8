import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrapCommand, packEnv } from '@agent-jobs/launcher'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasOwnCluster, openOwnCluster, type OwnCluster } from '../test/own-cluster.ts'
import { numberedLineSource, Recorder } from '../test/recorder.ts'
import { fileJournal } from './file-journal.ts'
import { kubeLogSource } from './kube-log-source.ts'

if (!hasOwnCluster) console.warn('restart e2e skipped: set KUBECONFIG to a cluster that runs on this machine')

// Ten lines every tenth of a second, until a file asks to stop; then how many there were.
const printer = (name: string): string[] => [
  'node',
  '-e',
  `const fs = require('node:fs')
  const line = ${numberedLineSource}
  let n = 0
  const timer = setInterval(() => {
    for (let i = 0; i < 10; i++) console.log(line(n++))
    if (!fs.existsSync('/volume/enough')) return
    clearInterval(timer)
    fs.writeFileSync('/volume/printed-${name}', String(n))
  }, 100)`,
]

describe.skipIf(!hasOwnCluster)('following two containers while the parts of a real cluster are killed', () => {
  const stop = new AbortController()
  let cluster: OwnCluster
  let framed: Recorder
  let plain: Recorder

  beforeAll(async () => {
    cluster = await openOwnCluster()
    const { client, namespace, folder } = cluster
    const env = packEnv({ version: 1, argv: printer('framed'), journal: { path: '/volume/journal' } }, {})
    await Promise.all([cluster.start('framed', bootstrapCommand(), env), cluster.start('plain', printer('plain'))])
    const follow = (pod: string, options: { framing: 'launcher' | 'none' }): Recorder =>
      new Recorder(kubeLogSource(client, { namespace, pod, container: 'main' }), {
        ...options,
        ...(options.framing === 'launcher' ? { journal: fileJournal(join(folder, 'journal')) } : {}),
        containerEnded: cluster.ended(pod, stop.signal),
      }).follow()
    framed = follow('framed', { framing: 'launcher' })
    plain = follow('plain', { framing: 'none' })
    await Promise.all([framed, plain].map((recorder) => recorder.until(() => recorder.last >= 0)))
  })

  afterAll(async () => {
    stop.abort(new Error('the test has ended'))
    await Promise.allSettled([framed.stop(), plain.stop()])
    await cluster[Symbol.asyncDispose]()
  })

  it.each(['kube-apiserver', 'kubelet', 'containerd'] as const)('continues after the %s was killed', async (part) => {
    const before = [framed.connections, plain.connections]
    await cluster.restart(part)
    const now = Date.now()
    await Promise.all([framed, plain].map((recorder) => recorder.until(() => recorder.newest > now)))
    // Connections to the API server and the kubelet break when it is killed; containerd is on no connection.
    if (part === 'containerd') return
    expect(framed.connections).toBeGreaterThan(before[0] ?? 0)
    expect(plain.connections).toBeGreaterThan(before[1] ?? 0)
  })

  it('has delivered each line once when the containers have ended', async () => {
    writeFileSync(join(cluster.folder, 'enough'), '')
    await Promise.all([framed.end(), plain.end()])
    for (const [name, recorder] of Object.entries({ framed, plain })) {
      const printed = Number(readFileSync(join(cluster.folder, `printed-${name}`), 'utf8'))
      expect(printed).toBeGreaterThan(100)
      expect({ name, runs: recorder.runs, wrong: recorder.wrong, gaps: recorder.gaps }).toEqual({
        name,
        runs: [[0, printed - 1]],
        wrong: [],
        gaps: [],
      })
    }
    expect(framed.verdict).toBe('complete')
    expect(plain.verdict).toBe('unverified')
  })

  it('leaves a cluster in which a new container runs and is followed', async () => {
    const { client, namespace } = cluster
    await cluster.start('after', printer('after'))
    const after = new Recorder(kubeLogSource(client, { namespace, pod: 'after', container: 'main' }), {
      framing: 'none',
      containerEnded: cluster.ended('after', stop.signal),
    }).follow()
    await after.end()
    expect(after.runs).toEqual([[0, 9]])
  })
})
