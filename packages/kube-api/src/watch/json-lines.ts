import { KubeError } from '../kube-error.ts'

const newline = 0x0a

/** The source of lines, for messages, and their maximum length. */
export interface JsonLinesOptions {
  readonly source: string
  readonly maxLineBytes: number
}

function parse(line: Buffer, source: string): unknown {
  try {
    return JSON.parse(line.toString('utf8'))
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause)
    throw new KubeError({
      code: 'bad_response',
      message: `${source}: an event of ${line.length} bytes is not JSON: ${detail}.`,
      retryable: true,
      cause,
    })
  }
}

/** Splits bytes into lines and parses each. Bytes after the last newline were cut off and are not an event. */
export async function* readJsonLines(
  body: AsyncIterable<Uint8Array>,
  { source, maxLineBytes }: JsonLinesOptions,
): AsyncGenerator<unknown> {
  // Pieces are joined once per line: joining per chunk is quadratic for an object of megabytes.
  let pieces: Uint8Array[] = []
  let size = 0
  for await (const chunk of body) {
    let start = 0
    for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
      pieces.push(chunk.subarray(start, end))
      start = end + 1
      const line = Buffer.concat(pieces)
      pieces = []
      size = 0
      if (line.length > 0) yield parse(line, source)
    }
    if (start < chunk.length) {
      pieces.push(chunk.subarray(start))
      size += chunk.length - start
    }
    if (size > maxLineBytes) {
      throw new KubeError({
        code: 'response_too_large',
        message: `${source}: one event is larger than ${maxLineBytes} bytes; narrow the watch by a selector.`,
      })
    }
  }
}
