import type { ParsedFrame } from '@agent-jobs/frames'
import { FrameScanner, isFrame } from './frame-scanner.ts'

/** The content of one physical line of framed output. */
export type FrameEntry =
  | { kind: 'frame'; frame: ParsedFrame }
  /** Not a frame. Longer texts are cut at 4,096 bytes. */
  | { kind: 'text'; text: string; /** The timestamp in front of it, or ''. */ stamp: string }

/** Bytes in, frames out. Pure: it never waits and keeps at most one incomplete line. */
export interface FrameDecoder {
  /** Takes the next bytes and returns the completed entries. Payloads are views: use them before the next call. */
  push(chunk: Uint8Array): FrameEntry[]
  /** The bytes after the last newline, an incomplete line. */
  rest(): Buffer
  /** The timestamp prefix (with its space) of the first line of the last chunk that had one. */
  readonly stamp: Buffer | undefined
}

/**
 * Decodes frame format v1, with or without the kubelet's timestamp before each line.
 *
 * @example
 * const decoder = createFrameDecoder()
 * for (const entry of decoder.push(bytes)) if (entry.kind === 'frame') console.log(entry.frame.seq)
 */
export function createFrameDecoder(): FrameDecoder {
  const scanner = new FrameScanner()
  return {
    push(chunk) {
      const entries: FrameEntry[] = []
      scanner.push(chunk)
      for (let line = scanner.next(); line !== undefined; line = scanner.next()) {
        if (isFrame(line)) {
          const { seq, stream, time, flag, bytes, from, to } = line
          entries.push({ kind: 'frame', frame: { seq, stream, time, payload: bytes.subarray(from, to), flag } })
        } else entries.push({ kind: 'text', text: line.text, stamp: line.stamp })
      }
      return entries
    },
    rest: () => scanner.rest(),
    get stamp() {
      return scanner.stamp
    },
  }
}
