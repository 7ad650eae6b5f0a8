// `pnpm bench growth`: what costs become when there is 10, 100 and 1,000 times as much of something. Needs no cluster.
import { join } from 'node:path'
import { createClaudeParser } from '@agent-jobs/claude-stream-parser'
import { encodeFrame } from '@agent-jobs/frames'
import { followLogs, type LogSource } from '@agent-jobs/log-stream'
import { classifyOrphans, type CandidateJob } from '@agent-jobs/orphan-classifier'
import { type Bench, figure, type Series, threadMs } from './figure.ts'
import { exponentOf } from './support/exponent.ts'
import { readRecordings } from './support/parser-bench.ts'

interface Case {
  name: string
  /** What is counted. */
  size: string
  /** The size that is multiplied by 1, 10, 100 and 1,000. */
  unit: number
  /** Does the work for a size, prepared before it is timed. */
  prepare(size: number): () => unknown
}

const factors = [1, 10, 100, 1_000]
/** Linear growth with the noise of a shared machine; n log n is below it, n² far above. */
const highestExponent = 1.15

function bodyOf(lines: number): Buffer {
  const payload = Buffer.from(JSON.stringify({ type: 'assistant', text: 'lorem ipsum '.repeat(15) }))
  const frames = Array.from({ length: lines }, (_, seq) => frame(seq, 'o', payload))
  const end = { type: 'end', frames: lines, exitCode: 0, signal: null, durationMs: 1, stoppedBy: null }
  const record = Buffer.from(JSON.stringify({ ...end, stdoutBytes: 0, stderrBytes: 0 }))
  return Buffer.concat([...frames, frame(lines, 'l', record)])
}

const frame = (seq: number, stream: 'o' | 'l', payload: Buffer): Buffer =>
  Buffer.concat([
    Buffer.from('2026-11-21T09:00:00.000000000Z '),
    encodeFrame({ seq, stream, time: 1_700_000_000_000, payload, flag: '.' }),
  ])

async function follow(body: Buffer): Promise<void> {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let at = 0; at < body.length; at += 65_536) yield body.subarray(at, at + 65_536)
  }
  const source: LogSource = { open: async () => ({ status: 200, headers: {}, body: chunks() }) }
  const containerEnded = new Promise<never>(() => undefined)
  const { signal } = new AbortController()
  for await (const item of followLogs(source, { framing: 'launcher', endRecord: 'trust', containerEnded, signal })) {
    if (item.type === 'end' && item.verdict !== 'complete') throw new Error(`the stream ended ${item.verdict}`)
  }
}

const recordings = join(import.meta.dirname, '../packages/claude-stream-parser/src/__fixtures__/claude')

function claudeLines(count: number): string[] {
  const lines = readRecordings(recordings)
    .filter((bytes) => bytes.length < 60_000)
    .flatMap((bytes) => new TextDecoder().decode(bytes).split('\n'))
    .filter((line) => line !== '')
  return Array.from({ length: count }, (_, index) => lines[index % lines.length] ?? '')
}

const orphans = (count: number): CandidateJob[] =>
  Array.from({ length: count }, (_, index) => ({
    name: `job-${index}`,
    uid: String(index),
    state: 'active',
    createdAt: (index * 7_919) % count,
    runId: `run-${index}`,
    taskId: `task-${index % 5}`,
  }))

const cases: readonly Case[] = [
  {
    name: 'log-stream over lines',
    size: 'lines',
    unit: 200,
    prepare(size) {
      const body = bodyOf(size)
      return () => follow(body)
    },
  },
  {
    name: 'Claude parser over lines',
    size: 'lines',
    unit: 100,
    prepare(size) {
      const lines = claudeLines(size)
      return () => {
        const parser = createClaudeParser({ onEvent: () => {} })
        for (const line of lines) parser.line(line)
        parser.end()
      }
    },
  },
  {
    name: 'orphan-classifier over Jobs of an agent',
    size: 'Jobs',
    unit: 10,
    prepare(size) {
      const jobs = orphans(size)
      return () => classifyOrphans(jobs, { runId: 'r', taskId: 'task-1', reattach: true, patient: false })
    },
  },
]

/** Processor time of one pass in ms: the best of some, each repeated until it can be measured. */
async function costOf(work: () => unknown): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round += 1) {
    const begun = threadMs()
    let passes = 0
    for (; threadMs() - begun < 20; passes += 1) await work()
    best = Math.min(best, (threadMs() - begun) / passes)
  }
  return best
}

export const bench: Bench = async (log) => {
  const figures = []
  const series: Series[] = []
  for (const { name, size, unit, prepare } of cases) {
    const points: [number, number][] = []
    // Code is compiled before anything counts.
    await costOf(prepare(unit * 10))
    for (const factor of factors) {
      const cost = await costOf(prepare(unit * factor))
      points.push([unit * factor, cost])
      log(`${name}: ${unit * factor} ${size} in ${cost.toPrecision(3)} ms`)
    }
    figures.push(figure(`exponent of ${name}`, exponentOf(points), '', { target: highestExponent }))
    series.push({ name, size, unit: 'ms', points })
  }
  return { figures, series }
}
