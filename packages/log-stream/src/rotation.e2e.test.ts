import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { bootstrapCommand, packEnv } from '@agent-jobs/launcher'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { hasOwnCluster, openOwnCluster, type OwnCluster } from '../test/own-cluster.ts'
import { numberedLineSource, Recorder } from '../test/recorder.ts'
import { fileJournal } from './file-journal.ts'
import { kubeLogSource } from './kube-log-source.ts'

if (!hasOwnCluster) console.warn('rotation e2e skipped: set KUBECONFIG to a cluster that runs on this machine')

const bursts = 4
// Little more than the 10 MiB above which the kubelet rotates (it looks every 3 s): a rotation within a burst, where even
// a follower that keeps up may lose its place in plain output, is rare.
const linesPerBurst = 10_200
const linesPerRound = linesPerBurst + 1

// One line; then, each when its file says so, a burst, and a line behind its rotation.
const printer = [
  'node',
  '-e',
  `const fs = require('node:fs')
  const line = ${numberedLineSource}
  const steps = Array.from({ length: ${bursts} }, () => [${linesPerBurst}, 1]).flat()
  let n = 0
  let step = 0
  console.log(line(n++))
  const timer = setInterval(() => {
    if (!fs.existsSync('/volume/step-' + step)) return
    for (let i = 0; i < steps[step]; i++) console.log(line(n++))
    step++
    if (step === steps.length) clearInterval(timer)
  }, 20)`,
]
const printed = 1 + bursts * linesPerRound
const everything = [[0, printed - 1]]
/** The burst, counted from 0, that some followers do not see. */
const missed = 1

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
        // A follower that is stuck in a renamed file is detected by its silence.
        silenceMs: 2_000,
      })
      recorders.push(recorder)
      return recorder.follow()
    }
    const stayers = [follow('framed', true), follow('framed', false), follow('plain', false)]
    const leavers = [follow('framed', true), follow('framed', false), follow('plain', false)]
    const delivered = (some: Recorder[], count: number): Promise<unknown> =>
      Promise.all(some.map((recorder) => recorder.until(() => recorder.last >= count - 1)))
    const step = (index: number): void => writeFileSync(join(folder, `step-${index}`), '')
    await delivered(recorders, 1)
    const logs = [cluster.watchRotations(framedPod), cluster.watchRotations(plainPod)]
    try {
      for (let burst = 0; burst < bursts; burst++) {
        if (burst === missed) await Promise.all(leavers.map((leaver) => leaver.stop()))
        const before = logs.map((log) => log.count())
        const count = 1 + burst * linesPerRound + linesPerBurst
        step(2 * burst)
        // A reader that is one file behind loses lines, and plain output does not show it: here none is.
        await delivered(burst === missed ? stayers : recorders, count)
        await Promise.all(logs.map((log, index) => log.beyond(before[index] ?? 0)))
        if (burst === missed) for (const leaver of leavers) leaver.follow()
        step(2 * burst + 1)
        await delivered(recorders, count + 1)
      }
      await Promise.all(recorders.map((recorder) => recorder.end()))
    } finally {
      rotations = { framed: logs[0]?.count() ?? 0, plain: logs[1]?.count() ?? 0 }
      for (const log of logs) log.close()
    }
  }, 150_000)

  afterAll(async () => {
    stop.abort(new Error('the test has ended'))
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
    // The delivered and the reported numbers follow each other without a hole and without an overlap.
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

  it('reports a gap in plain output where lines were rotated away while not followed', () => {
    const { runs, wrong, gaps, unexplained, verdict, diagnostics } = recorders[5] as Recorder
    expect({ wrong, unexplained, verdict }, diagnostics.join('\n')).toEqual({
      wrong: [],
      unexplained: [],
      verdict: 'lost',
    })
    expect(gaps.map(({ reason }) => reason)).toEqual(['no_overlap'])
    expect(runs).toEqual([
      [0, missed * linesPerRound],
      [(missed + 1) * linesPerRound, printed - 1],
    ])
  })
})
