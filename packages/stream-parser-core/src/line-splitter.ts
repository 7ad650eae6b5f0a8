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
  /** A whole line, with or without its newline. */
  line(text: string): void
  /** Passes on what follows the last newline. */
  end(): void
}

const newline = 10
const headChars = 200
const groupBytes = 8192

/**
 * A newline byte never occurs inside a UTF-8 sequence, so whole lines are decoded without state. Short lines are decoded
 * in groups, because each call of a decoder costs as much as 200 bytes. A group with a character beyond ASCII (then it
 * has fewer characters than bytes) is decoded again line by line: the engine would store all of it in two bytes a
 * character, and `JSON.parse` takes a third longer on that.
 */
export function createLineSplitter(sink: LineSink, maxLineBytes: number): LineSplitter {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true })
  // What has come of the line that is not complete yet.
  let parts: (Uint8Array | string)[] = []
  let size = 0
  // At least this many characters are available when the bound is passed, wherever a chunk ends.
  const headLimit = Math.max(0, Math.min(headChars, Math.floor((maxLineBytes - 3) / 3)))
  // Set once the line exceeds the bound: its rest is counted and dropped.
  let droppedHead: string | null = null

  function feedBytes(chunk: Uint8Array): void {
    let start = 0
    while (start < chunk.length) {
      const end = chunk.indexOf(newline, start)
      if (end < 0) break
      if (size > 0 || end - start > maxLineBytes) {
        hold(chunk.subarray(start, end), end - start)
        flush(true)
        start = end + 1
      } else start = feedGroup(chunk, start, end)
    }
    // The copy is needed: the caller may use its buffer again.
    if (start < chunk.length) hold(chunk.slice(start), chunk.length - start)
  }

  /** Hands on the line that ends at `firstEnd` and, if they are short, some after it. Returns where the next begins. */
  function feedGroup(chunk: Uint8Array, start: number, firstEnd: number): number {
    const limit = start + Math.min(groupBytes, maxLineBytes)
    const end =
      firstEnd < limit ? Math.max(firstEnd, chunk.subarray(start, limit).lastIndexOf(newline) + start) : firstEnd
    const group = decoder.decode(chunk.subarray(start, end))
    if (end === firstEnd) sink.line(group, true)
    else if (group.length === end - start) emitLines(group)
    else {
      for (let at = start, to = firstEnd; at <= end; at = to + 1, to = chunk.indexOf(newline, at)) {
        sink.line(decoder.decode(chunk.subarray(at, to)), true)
        if (to === end) break
      }
    }
    return end + 1
  }

  function emitLines(group: string): void {
    let start = 0
    for (let end = group.indexOf('\n'); end >= 0; end = group.indexOf('\n', start)) {
      sink.line(group.slice(start, end), true)
      start = end + 1
    }
    sink.line(group.slice(start), true)
  }

  function feedText(chunk: string): void {
    let start = 0
    for (;;) {
      const end = chunk.indexOf('\n', start)
      if (end < 0) break
      takeText(chunk.slice(start, end))
      start = end + 1
    }
    const rest = chunk.slice(start)
    if (rest.length > 0) hold(rest, byteLength(rest))
  }

  function takeText(text: string): void {
    // A UTF-16 unit takes at most three bytes in UTF-8, so only lines near the bound have to be measured.
    const fits = text.length * 3 <= maxLineBytes || byteLength(text) <= maxLineBytes
    if (size === 0 && fits) return sink.line(text, true)
    hold(text, byteLength(text))
    flush(true)
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
    line(text) {
      const bare = text.endsWith('\n') ? text.slice(0, -1) : text
      if (bare.includes('\n')) feedText(`${bare}\n`)
      else takeText(bare)
    },
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
