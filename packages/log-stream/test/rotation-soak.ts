// Rotations at 1 MiB: `pnpm soak rotation [--rotations N]`. A framed and a plain container on mini-kube print about 1.1 MiB
// for each of 100 rotations, which happen while followers are connected, while they are away, between the parts of a line,
// and before the first of them connects.
import { deepStrictEqual, ok } from 'node:assert/strict'
import { existsSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createKubeClient, kinds } from '@agent-jobs/kube-api'
import { bootstrapCommand, packEnv } from '@agent-jobs/launcher'
import { startMiniKube } from '@agent-jobs/mini-kube'
import { KubeConfig, type V1Container } from '@kubernetes/client-node'
import { fileJournal } from '../src/file-journal.ts'
import { kubeLogSource } from '../src/kube-log-source.ts'
import { Recorder } from './recorder.ts'

const { values } = parseArgs({ options: { rotations: { type: 'string', default: '100' } } })
const rotations = Number(values.rotations)
const before = 3
const linesPerFile = 1_100
const mebibyte = 1_048_576

// The last line of each file is longer than two parts of the log, and half of it is printed before the signal `tail`.
const lineSource = `(n) => 'line ' + n + ' ' + 'x'.repeat(n % ${linesPerFile} === ${linesPerFile - 1} ? 40000 : (n * 7919) % 2000)`
const lineOf = (n: number): string =>
  `line ${n} ${'x'.repeat(n % linesPerFile === linesPerFile - 1 ? 40_000 : (n * 7_919) % 2_000)}`
const printer = [
  'node',
  '-e',
  `const fs = require('node:fs')
  const line = ${lineSource}
  const seen = (name) => new Promise((resolve) => {
    const look = () => { if (!fs.existsSync('/volume/' + name)) return; watcher.close(); resolve() }
    const watcher = fs.watch('/volume', look)
    look()
  })
  const print = (text) => new Promise((resolve) => process.stdout.write(text, resolve))
  void (async () => {
    for (let file = 0, n = 0; file < ${rotations}; file++) {
      await seen('file-' + file)
      for (; n % ${linesPerFile} !== ${linesPerFile - 1}; n++) await print(line(n) + '\\n')
      await print(line(n).slice(0, 20000))
      fs.writeFileSync('/volume/half-' + file + '-' + process.argv[1], '')
      await seen('tail-' + file)
      await print(line(n++).slice(20000) + '\\n')
    }
  })()`,
]
const everything = [[0, rotations * linesPerFile - 1]]
const pods = ['framed', 'plain'] as const

await using kube = await startMiniKube({ logRotateBytes: mebibyte, namespaces: ['soak'] })
const kubeConfig = new KubeConfig()
kubeConfig.loadFromString(kube.kubeConfig())
const client = createKubeClient({ kubeConfig })
const namespace = 'soak'
const stop = new AbortController()
await client.create(kinds.PersistentVolumeClaim, {
  metadata: { name: 'volume', namespace },
  spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
})
const folder = kube.claimDir(namespace, 'volume')

async function start(name: (typeof pods)[number]): Promise<void> {
  const argv = [...printer, name]
  // All of the output, so that the journal lacks nothing.
  const journal = { path: '/volume/journal', maxBytes: 2 * rotations * mebibyte }
  const env = name === 'plain' ? {} : packEnv({ version: 1, argv, journal }, {})
  const container: V1Container = {
    name: 'main',
    image: 'any',
    command: name === 'plain' ? argv : bootstrapCommand(),
    env: Object.entries(env).map(([key, value]) => ({ name: key, value })),
    volumeMounts: [{ name: 'volume', mountPath: '/volume' }],
  }
  const volumes = [{ name: 'volume', persistentVolumeClaim: { claimName: 'volume' } }]
  const spec = { restartPolicy: 'Never', containers: [container], volumes }
  await client.create(kinds.Pod, { metadata: { name, namespace }, spec })
}

/** Resolves with the pod once it matches. */
async function becomes(name: string, phase: 'Running' | 'over'): Promise<void> {
  const selection = { namespace, fieldSelector: `metadata.name=${name}`, signal: stop.signal }
  for await (const event of client.listWatch(kinds.Pod, selection)) {
    if (event.type === 'synced') continue
    const is = event.object.status?.phase
    if (phase === 'Running' ? is === 'Running' : is === 'Succeeded' || is === 'Failed') return
  }
}

async function exists(name: string): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>()
  const look = (): void => {
    if (existsSync(join(folder, name))) resolve()
  }
  const watcher = watch(folder, look)
  look()
  await promise
  watcher.close()
}

await Promise.all(pods.map(start))
await Promise.all(pods.map((pod) => becomes(pod, 'Running')))
const endings = Object.fromEntries(pods.map((pod) => [pod, becomes(pod, 'over')]))

function follow(pod: (typeof pods)[number], withJournal: boolean): Recorder {
  const options = {
    framing: pod === 'framed' ? ('launcher' as const) : ('none' as const),
    ...(withJournal ? { journal: fileJournal(join(folder, 'journal')) } : {}),
    containerEnded: endings[pod] ?? Promise.reject(new Error(`no pod ${pod}`)),
    // A follower that is stuck in a renamed file is detected by its silence.
    silenceMs: 1_000,
  }
  return new Recorder(kubeLogSource(client, { namespace, pod, container: 'main' }), options, lineOf)
}

const stayers = [follow('framed', true), follow('framed', false), follow('plain', false)] as const
const leavers = [follow('framed', true), follow('framed', false), follow('plain', false)] as const
const all = [...stayers, ...leavers]
const startedAt = performance.now()
let betweenParts = 0
let timesAway = 0
for (let file = 0; file < rotations; file++) {
  const away = file >= before && file % 3 === 2
  if (file === before) for (const recorder of all) recorder.follow()
  if (away) {
    timesAway++
    await Promise.all(leavers.map((leaver) => leaver.stop()))
  }
  writeFileSync(join(folder, `file-${file}`), '')
  await Promise.all(pods.map((pod) => exists(`half-${file}-${pod}`)))
  if (file % 4 === 1) {
    for (const pod of pods) await kube.faults.inject({ kind: 'rotate', namespace, pod })
    betweenParts++
  }
  writeFileSync(join(folder, `tail-${file}`), '')
  if (file < before) continue
  // A reader that is one file behind loses lines, and plain output does not show it: here none of them is.
  await Promise.all(stayers.map((stayer) => stayer.until(() => stayer.last >= (file + 1) * linesPerFile - 1)))
  if (away) for (const leaver of leavers) leaver.follow()
}
await Promise.all(all.map((recorder) => recorder.end()))
stop.abort(new Error('the soak has ended'))
await client.close()

for (const { runs, wrong, gaps, verdict } of [stayers[0], leavers[0]]) {
  deepStrictEqual({ runs, wrong, gaps, verdict }, { runs: everything, wrong: [], gaps: [], verdict: 'complete' })
}
for (const [index, { unexplained, gaps, verdict, runs, last }] of [stayers[1], leavers[1]].entries()) {
  deepStrictEqual(
    { unexplained, last, verdict },
    { unexplained: [], last: rotations * linesPerFile - 1, verdict: 'lost' },
  )
  deepStrictEqual(
    runs,
    runs.toSorted(([a], [b]) => a - b),
  )
  console.log(
    `framed, no journal, ${index === 0 ? 'connected' : 'often away'}: ${gaps.length} gaps, all losses in them`,
  )
}
// A follower of plain output cannot know what was rotated away before it started, or that a line lost its head.
const [, , plainStayer] = stayers
const [first] = plainStayer.runs
deepStrictEqual(
  { runs: plainStayer.runs, last: plainStayer.last },
  { runs: [first], last: rotations * linesPerFile - 1 },
)
const [, , plain] = leavers
const silent = plain.unexplained.filter(([from]) => from >= 0)
ok(plain.gaps.length >= timesAway, 'each time away has lost a file, and it is named')
console.log(
  `plain, often away: ${plain.gaps.length} gaps, ${plain.wrong.length} lines without their head, ` +
    `${silent.length} losses without a gap of ${plain.runs.length - 1}`,
)
ok(silent.length <= plain.wrong.length, 'only a line that lost its head between its parts hides a loss')
console.log(
  `${rotations} rotations at 1 MiB (${before} before the first connect, ${betweenParts} between two parts of a line) in ` +
    `${Math.round((performance.now() - startedAt) / 1_000)} s: with frames and journal each line once`,
)
