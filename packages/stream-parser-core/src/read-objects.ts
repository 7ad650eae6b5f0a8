import { isJsonObject, type JsonObject, parseJson } from './json.ts'
import { withoutTerminalCodes } from './without-terminal-codes.ts'

/** What a line that is not JSON as a whole contains. */
export interface ReadObjects {
  readonly objects: readonly JsonObject[]
  /** The text around them, in order: half an object, output of another program. */
  readonly rest: readonly string[]
}

// A scan may look at each character so often, whatever the line holds.
const scansPerChar = 16

/**
 * The whole objects of a line that other writers have touched: terminal codes or NULs before an object, two objects
 * without a line end between them, the half of one before another. An object inside a broken one is never taken for a
 * line of its own: it counts only if it reaches the end of the line, or the next object, or if it is what the line begins
 * with.
 */
export function readObjects(line: string): ReadObjects {
  const text = line.includes('{"') ? withoutTerminalCodes(line) : ''
  const spans = closedSpans(text)
  if (spans.length === 0) {
    const first = text.search(/\S/)
    const span = first >= 0 && text[first] === '{' ? objectAt(text, first) : null
    if (span === null) return { objects: [], rest: [line] }
    spans.push(span)
  }
  const rest: string[] = []
  let taken = 0
  for (const { start, end } of [...spans, { start: text.length, end: text.length }]) {
    const between = text.slice(taken, start).trim()
    if (between !== '') rest.push(between)
    taken = end
  }
  return { objects: spans.map(({ object }) => object), rest }
}

interface Span {
  readonly start: number
  readonly end: number
  readonly object: JsonObject
}

/** The objects that reach the end of the text or the next object. */
function closedSpans(text: string): Span[] {
  const spans: Span[] = []
  let budget = text.length * scansPerChar
  for (let at = text.indexOf('{'); at >= 0 && budget > 0;) {
    const end = endOfObject(text, at)
    budget -= (end < 0 ? text.length : end) - at
    const span = end >= 0 && /^\s*(?:\{|$)/.test(text.slice(end)) ? objectAt(text, at, end) : null
    if (span) spans.push(span)
    at = text.indexOf('{', span ? span.end : at + 1)
  }
  return spans
}

function objectAt(text: string, start: number, end = endOfObject(text, start)): Span | null {
  const object = end < 0 ? undefined : parseJson(text.slice(start, end))
  return isJsonObject(object) ? { start, end, object } : null
}

/** Behind the brace that closes the one at `start`, or -1. */
function endOfObject(text: string, start: number): number {
  const marks = /["{}]/g
  marks.lastIndex = start
  let depth = 0
  for (let mark = marks.exec(text); mark; mark = marks.exec(text)) {
    if (mark[0] === '{') depth++
    else if (mark[0] === '}') {
      depth--
      if (depth === 0) return marks.lastIndex
    } else {
      const close = endOfString(text, marks.lastIndex)
      if (close < 0) return -1
      marks.lastIndex = close
    }
  }
  return -1
}

/** Behind the quote that closes a string whose content begins at `start`, or -1. */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start); at >= 0; at = text.indexOf('"', at + 1)) {
    let slashes = 0
    while (text[at - 1 - slashes] === '\\') slashes++
    if (slashes % 2 === 0) return at + 1
  }
  return -1
}
