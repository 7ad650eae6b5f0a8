// The full sweeps of fault F3, too long for every test run: `pnpm soak log-stream [--seed N] [--every N] [--megabytes N]`.
// A stream of 64 KiB is cut at every byte (or every Nth) in three ways, and one of 50 MiB after every k KiB, k = 1 … 64.
import { deepStrictEqual } from 'node:assert/strict'
import { parseArgs } from 'node:util'
import type { Fault } from './fake-kubelet.ts'
import { randomLines, seededRandom } from './random.ts'
import { runScenario } from './scenario.ts'

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() & 0xffff) },
    every: { type: 'string', default: '1' },
    megabytes: { type: 'string', default: '50' },
  },
})
const seed = Number(values.seed)
const every = Number(values.every)
const hows = ['fin', 'rst', 'half-open'] as const
const framings = ['launcher', 'none'] as const
console.log(`seed ${seed}`)

const lines = randomLines(seededRandom(seed), 420)
for (const framing of framings) {
  for (const how of hows) {
    let cases = 0
    for (let cutAfter = 0; cutAfter <= 65_536; cutAfter += every) {
      const { texts, gaps } = await runScenario({
        framing,
        lines,
        kubelet: { fault: ({ index, follow }) => (index === 0 && follow ? { cutAfter, how } : undefined) },
      })
      deepStrictEqual({ cutAfter, texts, gaps }, { cutAfter, texts: lines, gaps: [] })
      cases++
    }
    console.log(`${framing}, 64 KiB cut once by ${how}: ${cases} places, each line once`)
  }
}

const long: string[] = []
for (let bytes = 0, part = 0; bytes < Number(values.megabytes) * 1_048_576; part++) {
  for (const line of randomLines(seededRandom(seed + part), 1_000)) {
    long.push(line)
    bytes += Buffer.byteLength(line) + 70
  }
}
for (const framing of framings) {
  for (let kib = 1; kib <= 64; kib++) {
    const { texts, gaps, kubelet } = await runScenario({
      framing,
      lines: long,
      stepNs: 100_000_000n,
      kubelet: {
        fault: ({ index }) => ({ cutAfterNew: kib * 1_024, how: hows[index % 3] ?? 'rst' }) satisfies Fault,
      },
    })
    deepStrictEqual({ kib, gaps, count: texts.length }, { kib, gaps: [], count: long.length })
    deepStrictEqual(texts, long)
    console.log(
      `${framing}, ${values.megabytes} MiB cut after every ${kib} KiB: ${kubelet.connections.length} connections, each line once`,
    )
  }
}
