/** Keeps the last lines of a stream within a bound. */
export interface TextTail {
  add(line: string): void
  text(): string
}

/** Makes a tail of at most `maxBytes`; older lines go first, and a longer line keeps its end. */
export function textTail(maxBytes: number): TextTail {
  const lines: string[] = []
  let bytes = 0
  return {
    add(line) {
      const kept = line.length > maxBytes ? line.slice(-maxBytes) : line
      lines.push(kept)
      bytes += Buffer.byteLength(kept) + 1
      while (bytes > maxBytes && lines.length > 1) {
        bytes -= Buffer.byteLength(lines.shift() ?? '') + 1
      }
    },
    text: () => lines.join('\n'),
  }
}
