import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrapCommand, packEnv } from '@agent-jobs/launcher'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasOwnCluster, openOwnCluster, type OwnCluster } from '../test/own-cluster.ts'
import { numberedLineSource, Recorder } from '../test/recorder.ts'
import { fileJournal } from './file-journal.ts'
import { kubeLogSource } from './kube-log-source.ts'

if (!hasOwnCluster) console.warn('rotation e2e skipped: it needs KUBECONFIG of a cluster of ../shared/cluster/up')

const bursts = 4
// About 11.5 MiB: the kubelet rotates above 10 MiB, looking every 3 s.
const linesPerBurst = 12_000

// One line, then a burst for each file that says so; behind the last rotation one more line.
const printer = [
  'node',
  '-e',
  `const fs = require('node:fs')
  const line = ${numberedLineSource}
  let n = 0
  console.log(line(n++))
  const timer = setInterval(() => {
    const burst = Math.floor(n / ${linesPerBurst}) + 1
    if (!fs.existsSync('/volume/burst-' + burst)) return
    if (burst <= ${bursts}) {
      for (let i = 0; i < ${linesPerBurst}; i++) console.log(line(n++))
    } else {
      clearInterval(timer)
      console.log(line(n++))
    }
  }, 20)`,
]
const printed = bursts * linesPerBurst + 2
const everything = [[0, printed - 1]]

describe.skipIf(!hasOwnCluster)('following containers whose logs a real kubelet rotates again and again', () => {
  const stop = new AbortController()
  let cluster: OwnCluster
  const recorders: Recorder[] = []
  let rotations: Record<'framed' | 'plain', number>

  beforeAll(async () => {
    cluster = await openOwnCluster()
    const { client, namespace, folder } = cluster
    const env = packEnv({ version: 1, argv: printer, journal: { path: '/volume/journal' } }, {})
    const [framedPod, plainPod] = await Promise.all([
      cluster.start('framed', bootstrapCommand(), env),
      cluster.start('plain', printer),
    ])
    const endings = {
      framed: cluster.ended('framed', stop.signal),
      plain: cluster.ended('plain', stop.signal),
    }
    const follow = (pod: 'framed' | 'plain', withJournal: boolean): Recorder => {
      const recorder = new Recorder(kubeLogSource(client, { namespace, pod, container: 'main' }), {
        framing: pod === 'framed' ? 'launcher' : 'none',
        ...(withJournal ? { journal: fileJournal(join(folder, 'journal')) } : {}),
        containerEnded: endings[pod],
        // A follower that is stuck in a renamed file is noticed by its silence.
        silenceMs: 2_000,
      })
      recorders.push(recorder)
      return recorder.follow()
    }
    const stayers = [follow('framed', true), follow('framed', false), follow('plain', false)]
    const leavers = [follow('framed', true), follow('framed', false), follow('plain', false)]
    const delivered = (some: Recorder[], count: number): Promise<unknown> =>
      Promise.all(some.map((recorder) => recorder.until(() => recorder.last >= count - 1)))
    await delivered(recorders, 1)
    const logs = [cluster.watchRotations(framedPod), cluster.watchRotations(plainPod)]
    try {
      for (let burst = 1; burst <= bursts + 1; burst++) {
        if (burst === 2) await Promise.all(leavers.map((leaver) => leaver.stop()))
        const before = logs.map((log) => log.count())
        writeFileSync(join(folder, `burst-${burst}`), '')
        if (burst > bursts) break
        // A reader that is one file behind loses lines, and plain output does not tell: here none of these is. One that
        // came back may be stuck in a renamed file for a while and is not waited for.
        await delivered(burst === 1 ? recorders : stayers, 1 + burst * linesPerBurst)
        await Promise.all(logs.map((log, index) => log.beyond(before[index] ?? 0)))
        if (burst === 2) for (const leaver of leavers) leaver.follow()
      }
      await Promise.all(recorders.map((recorder) => recorder.end()))
    } finally {
      rotations = { framed: logs[0]?.count() ?? 0, plain: logs[1]?.count() ?? 0 }
      for (const log of logs) log.close()
    }
  }, 150_000)

  afterAll(async () => {
    stop.abort(new Error('the test is over'))
    await Promise.allSettled(recorders.map((recorder) => recorder.stop()))
    await cluster[Symbol.asyncDispose]()
  })

  it('sees rotations at all', () => {
    expect(rotations.framed).toBeGreaterThanOrEqual(bursts)
    expect(rotations.plain).toBeGreaterThanOrEqual(bursts)
  })

  it.each([
    [0, 'connected all the time'],
    [3, 'disconnected over a rotation'],
  ])('delivers all by frames and a journal (follower %i, %s)', (index) => {
    const { runs, wrong, gaps, verdict, diagnostics } = recorders[index] as Recorder
    const all = { runs: everything, wrong: [], gaps: [], verdict: 'complete' }
    expect({ runs, wrong, gaps, verdict }, diagnostics.join('\n')).toEqual(all)
  })

  it.each([
    [1, 'connected all the time', 0],
    [4, 'disconnected over a rotation', 1],
  ])('names every frame that is lost without a journal (follower %i, %s)', (index, _how, fewestGaps) => {
    const { runs, wrong, gaps, verdict } = recorders[index] as Recorder
    expect(wrong).toEqual([])
    // Frame 0 is the launcher's start record, and each line is one frame.
    const lost = gaps.map(({ from, to }) => [from - 1, to - 1] as const)
    const known = [...runs, ...lost].toSorted(([a], [b]) => a - b)
    // What was delivered and what was named follow each other without a hole and without an overlap.
    expect(known.map(([from]) => from)).toEqual([0, ...known.slice(0, -1).map(([, to]) => to + 1)])
    expect(known.at(-1)?.[1]).toBe(printed - 1)
    expect(runs).toEqual(runs.toSorted(([a], [b]) => a - b))
    expect(gaps.length).toBeGreaterThanOrEqual(fewestGaps)
    expect(verdict).toBe(gaps.length > 0 ? 'lost' : 'complete')
  })

  it('delivers all of plain output that is followed all the time', () => {
    const { runs, wrong, gaps, verdict, diagnostics } = recorders[2] as Recorder
    const all = { runs: everything, wrong: [], gaps: [], verdict: 'unverified' }
    expect({ runs, wrong, gaps, verdict }, diagnostics.join('\n')).toEqual(all)
  })

  it('names a gap in plain output where lines were rotated away while nobody followed', () => {
    const { runs, wrong, gaps, unexplained, verdict, diagnostics } = recorders[5] as Recorder
    expect({ wrong, unexplained, verdict }, diagnostics.join('\n')).toEqual({
      wrong: [],
      unexplained: [],
      verdict: 'lost',
    })
    expect(new Set(gaps.map(({ reason }) => reason))).toEqual(new Set(['no_overlap']))
    expect(runs).toHaveLength(gaps.length + 1)
    expect(runs).toEqual(runs.toSorted(([a], [b]) => a - b))
    expect(runs[0]).toEqual([0, linesPerBurst])
    expect(runs.at(-1)?.[1]).toBe(printed - 1)
  })
})
