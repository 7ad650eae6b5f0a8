/** What a {@link LineSplitter} hands on. */
export interface LineSink {
  /** A line without its newline; `complete` is false for a last line that had none. */
  line(text: string, complete: boolean): void
  /** A line longer than the bound was dropped; `head` is its beginning. */
  oversize(bytes: number, head: string): void
}

/** Cuts chunks of any size into lines. The same bytes give the same lines however they are chunked. */
export interface LineSplitter {
  feed(chunk: Uint8Array | string): void
  /** Hands on what stands after the last newline. */
  end(): void
}

const newline = 10
const headChars = 200

/**
 * Bytes are decoded a run of whole lines at a time: a newline byte never stands inside a UTF-8 sequence, so
 * decoding there needs no state, and one call for many lines costs a fraction of one call for each.
 */
export function createLineSplitter(sink: LineSink, maxLineBytes: number): LineSplitter {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  // What has come of the line that is not complete yet.
  let parts: (Uint8Array | string)[] = []
  let size = 0
  // So many characters are there for certain when the bound is passed, wherever a chunk may end.
  const headLimit = Math.max(0, Math.min(headChars, Math.floor((maxLineBytes - 3) / 3)))
  // Set once the line is over the bound: its rest is counted and let go.
  let droppedHead: string | null = null

  function feedBytes(chunk: Uint8Array): void {
    let start = 0
    // A chunk as large as the bound is cut line by line, so that each line can be measured.
    const single = chunk.length > maxLineBytes
    for (;;) {
      const end = single || size > 0 ? chunk.indexOf(newline, start) : -1
      if (end < 0) break
      hold(chunk.subarray(start, end), end - start)
      flush(true)
      start = end + 1
    }
    const last = size > 0 ? -1 : chunk.lastIndexOf(newline)
    if (last >= start) {
      emitBlock(decoder.decode(chunk.subarray(start, last)))
      start = last + 1
    }
    // The copy is needed: the caller may use its buffer again.
    if (start < chunk.length) hold(chunk.slice(start), chunk.length - start)
  }

  function feedText(chunk: string): void {
    let start = 0
    // A UTF-16 unit takes at most three bytes in UTF-8.
    const single = chunk.length * 3 > maxLineBytes
    for (;;) {
      const end = single || size > 0 ? chunk.indexOf('\n', start) : -1
      if (end < 0) break
      const part = chunk.slice(start, end)
      hold(part, byteLength(part))
      flush(true)
      start = end + 1
    }
    const last = size > 0 ? -1 : chunk.lastIndexOf('\n')
    if (last >= start) {
      emitBlock(chunk.slice(start, last))
      start = last + 1
    }
    const rest = chunk.slice(start)
    if (rest.length > 0) hold(rest, byteLength(rest))
  }

  /** Emits every line of a block that ends where its last newline stood. */
  function emitBlock(block: string): void {
    let start = 0
    for (;;) {
      const end = block.indexOf('\n', start)
      sink.line(block.slice(start, end < 0 ? block.length : end), true)
      if (end < 0) return
      start = end + 1
    }
  }

  function hold(part: Uint8Array | string, bytes: number): void {
    size += bytes
    if (droppedHead !== null) return
    parts.push(part)
    if (size > maxLineBytes) {
      droppedHead = join().slice(0, headLimit)
      parts = []
    }
  }

  function join(): string {
    const texts: string[] = []
    let bytes: Uint8Array[] = []
    const decodeBytes = (): void => {
      if (bytes.length > 0) texts.push(decoder.decode(concat(bytes)))
      bytes = []
    }
    for (const part of parts) {
      if (typeof part === 'string') {
        decodeBytes()
        texts.push(part)
      } else bytes.push(part)
    }
    decodeBytes()
    return texts.join('')
  }

  function flush(complete: boolean): void {
    const bytes = size
    const head = droppedHead
    const text = head === null ? join() : ''
    parts = []
    size = 0
    droppedHead = null
    if (head === null) sink.line(text, complete)
    else sink.oversize(bytes, head)
  }

  return {
    feed: (chunk) => (typeof chunk === 'string' ? feedText(chunk) : feedBytes(chunk)),
    end() {
      if (size > 0) flush(false)
    },
  }
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const [first] = parts
  if (first && parts.length === 1) return first
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Length in UTF-8. A surrogate counts two bytes, so a pair counts four and a lone one a little less than it would. */
function byteLength(value: string): number {
  let bytes = value.length
  for (let at = 0; at < value.length; at++) {
    const unit = value.charCodeAt(at)
    if (unit > 0x7f) bytes += unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff) ? 2 : 1
  }
  return bytes
}
