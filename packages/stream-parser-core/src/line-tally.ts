import { bounded } from './json.ts'

/** How many lines of which sort came. */
export interface LineCounts {
  total: number
  /** Lines that were JSON objects. */
  events: number
  text: number
  oversize: number
  /** The last line broke off. */
  cut: boolean
}

/** Counts lines by kind and keeps the beginning of those that are not JSON. */
export interface LineTally {
  event(line: number): void
  text(said: string, line: number): void
  cut(line: number): void
  oversize(line: number): void
  readonly counts: Readonly<LineCounts>
  /** Lines that were not JSON, the first few. */
  readonly stdoutText: string
}

const maxStdoutText = 8_000

/** See {@link LineTally}. */
export function createLineTally(): LineTally {
  const counts: LineCounts = { total: 0, events: 0, text: 0, oversize: 0, cut: false }
  let stdoutText = ''
  return {
    event(line) {
      counts.total = line
      counts.events++
    },
    text(said, line) {
      counts.total = line
      counts.text++
      if (stdoutText.length < maxStdoutText) stdoutText += `${bounded(said, maxStdoutText - stdoutText.length)}\n`
    },
    cut(line) {
      counts.total = line
      counts.cut = true
    },
    oversize(line) {
      counts.total = line
      counts.oversize++
    },
    counts,
    get stdoutText() {
      return stdoutText
    },
  }
}
