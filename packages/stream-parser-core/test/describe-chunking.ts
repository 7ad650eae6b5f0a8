import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { findRecording, type Recording } from './read-recordings.ts'

type Chunks = readonly (Uint8Array | string)[]

interface Parser {
  feed(chunk: Uint8Array | string): void
  line(text: string): void
  end(): unknown
}

/** What {@link describeChunking} needs of one package. */
export interface ChunkingOptions {
  readonly createParser: (options: { onEvent: (event: unknown) => void }) => Parser
  readonly recordings: readonly Recording[]
  /** Recordings smaller than this are fed byte by byte. */
  readonly byteByByteBelow: number
  /** Names of the recordings that are fed in pieces of 64 KiB. */
  readonly large: readonly string[]
  /** Name of the recording that is fed line by line. */
  readonly byLine: string
}

/** Tests that a parser gives the same events and the same summary however its input is cut, and bears any bytes. */
export function describeChunking(options: ChunkingOptions): void {
  const { createParser, recordings, byteByByteBelow, large, byLine } = options
  const small = recordings.filter(({ stdout }) => stdout.length < 60_000)

  function parse(chunks: Chunks): { events: unknown[]; summary: unknown } {
    const events: unknown[] = []
    const parser = createParser({ onEvent: (event) => events.push(event) })
    for (const chunk of chunks) parser.feed(chunk)
    return { events, summary: parser.end() }
  }

  describe('any chunking', () => {
    const chunked = fc
      .tuple(fc.constantFrom(...small), fc.array(fc.nat(60_000), { maxLength: 30 }))
      .map(([{ stdout, name }, at]) => {
        const cuts = [...new Set(at.map((position) => position % (stdout.length + 1)))].sort((a, b) => a - b)
        const chunks = [...cuts, stdout.length].map((to, index) => stdout.slice(cuts[index - 1] ?? 0, to))
        return { name, chunks, stdout }
      })

    it('of any recording gives the same events and summary', () => {
      fc.assert(
        fc.property(chunked, ({ chunks, stdout }) => {
          expect(parse(chunks)).toEqual(parse([stdout]))
        }),
        { numRuns: 300 },
      )
    })

    it.each(small.filter(({ stdout }) => stdout.length < byteByByteBelow))(
      'byte by byte gives the same for $name',
      ({ stdout }) => {
        expect(parse(Array.from(stdout, (byte) => Uint8Array.of(byte)))).toEqual(parse([stdout]))
      },
    )

    it.each(large)('of the large recording %s, in pieces of 64 KiB, gives the same', (name) => {
      const { stdout } = findRecording(recordings, name)
      const chunks: Uint8Array[] = []
      for (let at = 0; at < stdout.length; at += 65_536) chunks.push(stdout.subarray(at, at + 65_536))
      expect(parse(chunks)).toEqual(parse([stdout]))
    })

    it('line by line gives the same', () => {
      const { stdout } = findRecording(recordings, byLine)
      const events: unknown[] = []
      const parser = createParser({ onEvent: (event) => events.push(event) })
      for (const line of new TextDecoder().decode(stdout).trimEnd().split('\n')) parser.line(line)
      expect({ events, summary: parser.end() }).toEqual(parse([stdout]))
    })

    it('of random bytes never throws', () => {
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), (chunks) => {
          expect(() => parse(chunks)).not.toThrow()
        }),
        { numRuns: 500 },
      )
    })
  })
}
