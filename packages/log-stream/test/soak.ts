// Cuts at every byte: `pnpm soak log-stream [--sample] [--seed N] [--from N] [--megabytes N]`.
// A stream of 64 KiB is cut at every byte in three ways, one of 50 MiB after every k KiB, and one of 50 MiB after each
// number of bytes from 1 to 65,536 once, in an order of the seed, so that the places move through the whole stream.
// `--sample` takes every 64th byte, five of the k and a twentieth of the numbers; `--from` goes on behind a part that is done.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { errorMessage } from '@agent-jobs/primitives'
import { randomLines, seededRandom } from './random.ts'
import { readTape } from './read-tape.ts'
import { type Cut, printTape, type Tape } from './taped-log.ts'

const framings = ['launcher', 'none'] as const
const hows = ['fin', 'rst', 'half-open'] as const
const kibibyte = 1_024
const everyByte = 64 * kibibyte

interface Plan {
  seed: number
  sample: boolean
  megabytes: number
}

/** One piece of work, small enough to be done again. */
type Part = { framing: Tape['framing'] } & (
  | { kind: 'bytes'; how: Cut['how']; from: number; to: number; every: number }
  | { kind: 'every'; kib: number }
  | { kind: 'once'; sizes: number[]; of: number }
)

function shortLines(seed: number): string[] {
  return randomLines(seededRandom(seed), 900)
}

function longLines({ seed, megabytes }: Plan): string[] {
  const lines: string[] = []
  // 31 bytes of timestamp and the newline come with each line, so that the plain tape too has at least this size.
  for (let bytes = 0, part = 0; bytes < megabytes * kibibyte * kibibyte; part++) {
    for (const line of randomLines(seededRandom(seed + part), 1_000)) {
      lines.push(line)
      bytes += Buffer.byteLength(line) + 32
    }
    // One line in a thousand is of several frames, or of one just at the limit of a frame.
    const line = 'y'.repeat(8_190 + (part % 5) * 2_048)
    lines.push(line)
    bytes += line.length + 32
  }
  return lines
}

/** Each number of bytes once, in an order of the seed, cut into rows that fit into one reading of the stream. */
function rowsOfSizes({ seed, megabytes }: Plan): number[][] {
  const random = seededRandom(seed)
  const sizes = Array.from({ length: everyByte }, (_, index) => index + 1)
  for (let i = sizes.length - 1; i > 0; i--) {
    const other = Math.floor(random() * (i + 1))
    const size = sizes[i] ?? 0
    sizes[i] = sizes[other] ?? 0
    sizes[other] = size
  }
  const rows: number[][] = [[]]
  let used = 0
  for (const size of sizes) {
    used += size
    if (used >= megabytes * kibibyte * kibibyte) {
      rows.push([])
      used = size
    }
    rows.at(-1)?.push(size)
  }
  return rows
}

function partsOf(plan: Plan): Part[] {
  const parts: Part[] = []
  for (const framing of framings) {
    for (const how of hows) {
      for (let from = 0; from <= everyByte; from += 16 * kibibyte) {
        const to = Math.min(everyByte, from + 16 * kibibyte - 1)
        parts.push({ framing, kind: 'bytes', how, from, to, every: plan.sample ? 64 : 1 })
      }
    }
  }
  const kibs = plan.sample ? [2, 7, 16, 33, 64] : Array.from({ length: 64 }, (_, index) => index + 1)
  for (const framing of framings) for (const kib of kibs) parts.push({ framing, kind: 'every', kib })
  const rows = rowsOfSizes(plan)
  for (const framing of framings) {
    for (const [index, sizes] of rows.entries()) {
      if (!plan.sample || index % 20 === 0) parts.push({ framing, kind: 'once', sizes, of: index + 1 })
    }
  }
  return parts
}

const tapes = new Map<string, Tape>()

function tapeOf(name: 'short' | 'long', framing: Tape['framing'], plan: Plan): Tape {
  const key = `${name} ${framing}`
  const tape = tapes.get(key) ?? printTape(framing, name === 'short' ? shortLines(plan.seed) : longLines(plan))
  // One tape at a time: the long ones take some 150 MB each.
  tapes.clear()
  tapes.set(key, tape)
  return tape
}

/** Reads through the cuts of one part; says what was read, or throws at the first wrong line. */
async function work(part: Part, plan: Plan): Promise<string> {
  const { framing } = part
  switch (part.kind) {
    case 'bytes': {
      const tape = tapeOf('short', framing, plan)
      if (tape.bytes.length < everyByte) throw new Error(`the short tape has only ${tape.bytes.length} bytes`)
      let cases = 0
      for (let bytes = part.from; bytes <= part.to; bytes += part.every, cases++) {
        await readTape(tape, (connection) => (connection === 0 ? { bytes, how: part.how } : undefined)).catch(
          explain(`cut by ${part.how} at byte ${bytes}`),
        )
      }
      return `64 KiB cut once by ${part.how} at ${cases} places from byte ${part.from} on`
    }
    case 'every': {
      const tape = tapeOf('long', framing, plan)
      const bytes = part.kib * kibibyte
      const { connections } = await readTape(tape, (n) => ({ bytes, how: hows[n % 3] ?? 'rst' })).catch(
        explain(`cut after every ${part.kib} KiB`),
      )
      return `${plan.megabytes} MiB cut after every ${part.kib} KiB: ${connections} connections`
    }
    case 'once': {
      const tape = tapeOf('long', framing, plan)
      await readTape(tape, (n) => {
        const bytes = part.sizes[n]
        return bytes === undefined ? undefined : { bytes, how: hows[(n + part.of) % 3] ?? 'rst' }
      }).catch(explain(`row ${part.of} of the seed's order`))
      return `${plan.megabytes} MiB cut after ${part.sizes.length} numbers of bytes, row ${part.of}`
    }
    default:
      return part satisfies never
  }
}

function explain(where: string): (error: unknown) => never {
  return (error) => {
    throw new Error(`${where}: ${errorMessage(error)}`, { cause: error })
  }
}

if (process.send === undefined) {
  const { values } = parseArgs({
    options: {
      seed: { type: 'string', default: String(Date.now() & 0xffff) },
      sample: { type: 'boolean', default: false },
      from: { type: 'string', default: '0' },
      megabytes: { type: 'string', default: '50' },
    },
  })
  const plan: Plan = { seed: Number(values.seed), sample: values.sample, megabytes: Number(values.megabytes) }
  const parts = partsOf(plan)
  const again = `--seed ${plan.seed}${plan.sample ? ' --sample' : ''}`
  console.log(`${parts.length} parts, ${again}`)
  const startedAt = performance.now()
  let next = Number(values.from)
  let undone = next
  const done = new Set<number>()

  async function workThrough(): Promise<void> {
    const worker = fork(fileURLToPath(import.meta.url))
    const exited = once(worker, 'exit')
    let current = next++
    worker.on('message', (said: string) => {
      const seconds = Math.round((performance.now() - startedAt) / 1_000)
      console.log(`${current} ${parts[current]?.framing}, ${said}, each line once (${seconds} s)`)
      done.add(current)
      while (done.has(undone)) undone++
      current = next++
      feed()
    })
    function feed(): void {
      const part = parts[current]
      if (part === undefined) worker.disconnect()
      else worker.send({ part, plan })
    }
    feed()
    const [code] = await exited
    if (code === 0) return
    next = parts.length
    process.exitCode = 1
    console.error(`part ${current} failed; go on with ${again} --from ${undone}`)
  }

  // Two, whatever the machine has: a tape with its lines takes some 400 MB in each.
  await Promise.all([workThrough(), workThrough()])
  if (process.exitCode === undefined) {
    console.log(`all ${parts.length} parts in ${Math.round((performance.now() - startedAt) / 1_000)} s`)
  }
} else {
  const send = process.send.bind(process)
  process.on('message', ({ part, plan }: { part: Part; plan: Plan }) => {
    // A failure is not caught: it ends this process, and the other one says where to continue.
    void work(part, plan).then((said) => send(said))
  })
}
