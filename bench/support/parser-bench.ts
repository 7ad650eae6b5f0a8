import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Figure, figure, threadMs } from '../figure.ts'

interface Parser {
  feed(chunk: Uint8Array): void
  line(text: string): void
  end(): unknown
}

type CreateParser = (options: { onEvent: (event: unknown) => void }) => Parser

const chunkBytes = 65_536
const sampleBytes = 8 * 1024 * 1024
const longStreamBytes = 1_000_000_000

/** The stdout of every recording below a folder. */
export function readRecordings(folder: string): Uint8Array[] {
  return readdirSync(folder).map((name) => readFileSync(join(folder, name, 'stdout.jsonl')))
}

/**
 * Measures a parser beside JSON.parse over the same lines, turn and turn about, and its heap over a long stream.
 * Processor time is measured, and the fastest round of each counts: the others include other load on the machine.
 */
export async function benchParser(
  recordings: readonly Uint8Array[],
  createParser: CreateParser,
  { log, quick }: { log: (text: string) => void; quick: boolean },
): Promise<Figure[]> {
  const rounds = quick ? 15 : 40
  // Typical lines. The megabyte lines of three recordings would hide the cost of each line.
  const typical = recordings.filter((bytes) => bytes.length > 0 && bytes.length < 60_000)
  const sample = repeat(typical, sampleBytes)
  const lines = linesOf(sample)
  log(`${lines.length} lines, ${Math.round(sample.length / lines.length)} bytes each, ${rounds} rounds`)
  let json = Number.POSITIVE_INFINITY
  let jsonFromBytes = Number.POSITIVE_INFINITY
  let bytesIn = Number.POSITIVE_INFINITY
  let linesIn = Number.POSITIVE_INFINITY
  for (let round = 0; round < rounds; round++) {
    json = Math.min(
      json,
      time(() => parseLines(lines)),
    )
    jsonFromBytes = Math.min(
      jsonFromBytes,
      time(() => parseBytes(sample)),
    )
    bytesIn = Math.min(
      bytesIn,
      time(() => feedBytes(createParser({ onEvent: () => {} }), sample)),
    )
    linesIn = Math.min(
      linesIn,
      time(() => feedLines(createParser({ onEvent: () => {} }), lines)),
    )
  }
  log('a long stream …')
  const heap = await heapOver(typical, createParser, quick ? longStreamBytes / 10 : longStreamBytes)
  const megabytes = sample.length / 1e6
  return [
    figure('bytes to events and summary, beside JSON.parse from bytes', (100 * jsonFromBytes) / bytesIn, '%', {
      target: 70,
      better: 'higher',
    }),
    figure('bytes to events and summary, beside JSON.parse of decoded lines', (100 * json) / bytesIn, '%', {
      better: 'higher',
    }),
    figure('lines to events and summary, beside JSON.parse', (100 * json) / linesIn, '%', {
      target: 60,
      better: 'higher',
    }),
    figure('processor time of a line', (bytesIn * 1_000) / lines.length, 'µs'),
    figure('bytes to events and summary', (megabytes * 1000) / bytesIn, 'MB/s', { better: 'higher' }),
    figure('JSON.parse of the same lines', (megabytes * 1000) / json, 'MB/s', { better: 'higher' }),
    figure('heap growth over nine tenths of one long stream (1 GB)', heap / 1e6, 'MB', { target: 5 }),
  ]
}

async function heapOver(
  recordings: readonly Uint8Array[],
  createParser: CreateParser,
  longest: number,
): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const block = repeat(recordings, 4 * 1024 * 1024)
  const parser = createParser({ onEvent: () => {} })
  let fed = 0
  const heapAfter = async (bytes: number): Promise<number> => {
    while (fed < bytes) {
      feedChunks(parser, block)
      fed += block.length
    }
    // Memory that a finished turn of the event loop still holds is not the parser's.
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
    collect()
    return process.memoryUsage().heapUsed
  }
  const early = await heapAfter(longest / 10)
  const late = await heapAfter(longest)
  parser.end()
  return late - early
}

function feedBytes(parser: Parser, bytes: Uint8Array): void {
  feedChunks(parser, bytes)
  parser.end()
}

function feedChunks(parser: Parser, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += chunkBytes) parser.feed(bytes.subarray(at, at + chunkBytes))
}

function feedLines(parser: Parser, lines: readonly string[]): void {
  for (const line of lines) parser.line(line)
  parser.end()
}

/** The least that a reader of JSON lines does: split, decode, parse. */
function parseBytes(bytes: Uint8Array): number {
  const all = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  let members = 0
  let start = 0
  for (let end = all.indexOf(10); end >= 0; end = all.indexOf(10, start)) {
    if (end > start) members += parseLines([all.toString('utf8', start, end)])
    start = end + 1
  }
  return members
}

function parseLines(lines: readonly string[]): number {
  let members = 0
  for (const line of lines) {
    try {
      const value: unknown = JSON.parse(line)
      if (value) members++
    } catch {
      // Recordings of killed runs end in the middle of a line.
      members--
    }
  }
  return members
}

function linesOf(bytes: Uint8Array): string[] {
  return new TextDecoder()
    .decode(bytes)
    .split('\n')
    .filter((line) => line !== '')
}

function repeat(recordings: readonly Uint8Array[], bytes: number): Uint8Array {
  const newline = Uint8Array.of(10)
  const once = Buffer.concat(recordings.flatMap((one) => (one.at(-1) === 10 ? [one] : [one, newline])))
  return new Uint8Array(Buffer.concat(Array.from({ length: Math.ceil(bytes / once.length) }, () => once)))
}

/** Processor time in ms. */
function time(work: () => unknown): number {
  const start = threadMs()
  work()
  return threadMs() - start
}
