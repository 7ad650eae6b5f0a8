import { describe, expect, it } from 'vitest'
import { collect, type Collected } from '../test/collect.ts'
import { FakeKubelet, type FakeKubeletOptions } from '../test/fake-kubelet.ts'
import { frame } from '../test/frames.ts'
import { nineOclock } from '../test/scenario.ts'
import { VirtualClock } from '../test/virtual-clock.ts'
import type { JournalSource } from './journal-source.ts'

// A hundred lines at once, which a request by time always returns together, then one per second.
const burst = 100
const lines = Array.from({ length: 150 }, (_, n) => `line ${n} ${'x'.repeat(80)}`)
const millisecond = (seq: number): number => Number(nineOclock / 1_000_000n) + Math.max(seq, (seq - burst) * 1_000)
const frames = [
  { type: 'start', version: 1, pid: 7, startedAt: 1 },
  ...lines,
  {
    type: 'end',
    frames: lines.length + 1,
    exitCode: 0,
    signal: null,
    durationMs: 5,
    stoppedBy: null,
    stdoutBytes: 0,
    stderrBytes: 0,
  },
].map((payload, seq) =>
  typeof payload === 'string'
    ? frame(seq, 'o', payload, '.', millisecond(seq))
    : frame(seq, 'l', JSON.stringify(payload), '.', millisecond(seq)),
)

/** The journal up to a frame, and how often it was read. */
function journalUpTo(end: number): JournalSource & { reads: number[] } {
  const reads: number[] = []
  return {
    reads,
    async *read({ fromSeq, toSeq = Number.POSITIVE_INFINITY }) {
      reads.push(fromSeq)
      for (const [seq, bytes] of frames.entries()) if (seq >= fromSeq && seq <= toSeq && seq < end) yield bytes
    },
  }
}

/** Follows a container that has printed everything and whose status stays silent until a request at `exitAt`. */
async function follow(
  fault: NonNullable<FakeKubeletOptions['fault']>,
  o: { journal?: JournalSource; exitAt?: number } = {},
): Promise<Collected & { kubelet: FakeKubelet }> {
  const clock = new VirtualClock()
  const { promise: containerEnded, resolve: end } = Promise.withResolvers<void>()
  const kubelet = new FakeKubelet({
    now: () => clock.now(),
    fault(connection) {
      if (connection.index === o.exitAt) end()
      return connection.follow ? fault(connection) : undefined
    },
  })
  for (const [seq, bytes] of frames.entries()) {
    kubelet.writeLine(BigInt(millisecond(seq)) * 1_000_000n + 100_000n, bytes.subarray(0, -1))
  }
  const options = o.journal === undefined ? {} : { journal: o.journal }
  const collected = await collect(kubelet, { framing: 'launcher', containerEnded, clock, ...options })
  return { ...collected, kubelet }
}

/** The first connection brings most of the burst; every later one breaks within that part. */
const dyingEarly: NonNullable<FakeKubeletOptions['fault']> = ({ index }) => ({ cutAfter: index === 0 ? 12_000 : 1_000 })

describe('connections that all break before anything new', () => {
  it('are replaced by the journal, up to its end record', async () => {
    const journal = journalUpTo(frames.length)
    const { texts, gaps, end, kubelet } = await follow(dyingEarly, { journal })
    expect({ texts, gaps }).toEqual({ texts: lines, gaps: [] })
    expect(end?.verdict).toBe('complete')
    expect(journal.reads).toHaveLength(1)
    expect(kubelet.connections).toHaveLength(4)
  })

  it('bring new lines again after the journal has advanced the resume position', async () => {
    const journal = journalUpTo(burst + 10)
    const { texts, gaps, end, kubelet } = await follow(dyingEarly, { journal })
    expect({ texts, gaps }).toEqual({ texts: lines, gaps: [] })
    expect(end?.verdict).toBe('complete')
    expect(journal.reads).toHaveLength(1)
    const asked = kubelet.connections.map(({ sinceTime }) => sinceTime)
    expect(asked.slice(0, 5)).toEqual([
      undefined,
      '2026-11-21T08:59:58Z',
      '2026-11-21T08:59:58Z',
      '2026-11-21T08:59:58Z',
      '2026-11-21T09:00:07Z',
    ])
  })

  it('are retried without a journal, until the container ends', async () => {
    const { texts, gaps, end } = await follow(dyingEarly, { exitAt: 40 })
    expect({ texts, gaps }).toEqual({ texts: lines, gaps: [] })
    expect(end?.verdict).toBe('complete')
  })
})

describe('a log server that is away', () => {
  it.each([
    ['refuses connections', { refuse: true }],
    ['answers 500', { answer: { status: 500, body: 'dial tcp 10.88.0.1:10250: connect: connection refused' } }],
  ] as const)('and %s is made up for by the journal', async (_how, fault) => {
    const { texts, end, diagnostics } = await follow(() => fault, { journal: journalUpTo(frames.length) })
    expect(texts).toEqual(lines)
    expect(end?.verdict).toBe('complete')
    expect(diagnostics).toHaveLength(1)
  })

  it('is retried if the journal has nothing new, and a gap in the journal does not count as a loss', async () => {
    const holed: JournalSource = {
      async *read({ fromSeq, signal }) {
        for await (const bytes of journalUpTo(frames.length).read({ fromSeq, signal })) {
          if (!bytes.toString().startsWith('@aj1 50 ')) yield bytes
        }
      },
    }
    const { texts, gaps, end } = await follow(({ index }) => (index < 10 ? { refuse: true } : {}), { journal: holed })
    expect({ texts, gaps }).toEqual({ texts: lines, gaps: [] })
    expect(end?.verdict).toBe('complete')
  })
})
