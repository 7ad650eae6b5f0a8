import { type FrameFlag, maxPayloadBytes } from '@agent-jobs/frames'

/** Cuts a stream of bytes into payloads: one for each line, several for a line above 8,000 bytes. */
export interface LineSplitter {
  push(chunk: Buffer): void
  /** The stream has ended: returns what is left as a last line without newline. */
  end(): void
}

/** Creates a splitter that holds back at most one payload: the start of an incomplete line. */
export function createLineSplitter(emit: (payload: Buffer, flag: FrameFlag) => void): LineSplitter {
  let rest: Buffer = Buffer.alloc(0)
  return {
    push(chunk) {
      const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
      let start = 0
      for (;;) {
        const newline = bytes.indexOf(10, start)
        const stop = newline < 0 ? bytes.length : newline
        // A full payload is returned only once more of the line exists, so that the last part of a line is never empty.
        while (stop - start > maxPayloadBytes) {
          emit(bytes.subarray(start, start + maxPayloadBytes), '+')
          start += maxPayloadBytes
        }
        if (newline < 0) break
        emit(bytes.subarray(start, stop), '.')
        start = stop + 1
      }
      rest = Buffer.from(bytes.subarray(start))
    },
    end() {
      if (rest.length > 0) emit(rest, '$')
      rest = Buffer.alloc(0)
    },
  }
}
