// Text of agents, clusters and files is shown on terminals, and may have been written to control one. Every
// control character is removed from text and escaped in JSON, except our own colours and `logs --raw` into a pipe.

/** Control characters except newline and tab, C1 included, and bidi controls and tags, which reorder or hide text. */
const steering =
  // oxlint-disable-next-line no-control-regex -- this pattern matches control characters
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufff9-\ufffb]|\udb40[\udc00-\udc7f]/g
const steers = new RegExp(steering.source)

/** The sequences that `createStyle` writes. Other sequences could hide text. */
// oxlint-disable-next-line no-control-regex -- the escape that begins a colour
const ownColour = /(\u001b\[(?:0|1|2|22|3[1-6]|39)m)/

/** Removes escape sequences and every character that controls a terminal, but keeps newlines and tabs. */
export function plain(text: string): string {
  return steers.test(text) ? withoutSequences(text).replaceAll(steering, '') : text
}

/** Removes terminal control characters from our own text, but keeps our colours. */
export function ownText(text: string): string {
  if (!steers.test(text)) return text
  return text
    .split(ownColour)
    .map((part, at) => (at % 2 === 1 ? part : plain(part)))
    .join('')
}

/** A value as one line of JSON that is safe on a terminal: control characters are escaped, the value is unchanged. */
export function jsonLine(value: unknown): string {
  return `${jsonText(value)}\n`
}

/** {@link jsonLine} without its newline; `indent` spreads it over several lines. */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, null, indent).replaceAll(steering, escaped)
}

function escaped(characters: string): string {
  // Between the members of an indented value, newlines are kept; every other control character is escaped.
  return characters
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')
}

const [escape, bell, terminator] = ['\u001b', '\u0007', '\u001b\\']

/** Drops CSI sequences, and OSC, DCS, APC, PM and SOS sequences with their strings, in one pass. */
function withoutSequences(text: string): string {
  const kept: string[] = []
  // Once no terminator is left, stop searching: a thousand openings must not cost a thousand searches.
  let stringsEnd = true
  let from = 0
  for (let at = text.indexOf(escape); at !== -1; at = text.indexOf(escape, from)) {
    kept.push(text.slice(from, at))
    const kind = text[at + 1] ?? ''
    if (kind === '[') from = endOfCsi(text, at + 2)
    else if (stringsEnd && ']P_^X'.includes(kind) && kind !== '') {
      const end = endOfString(text, at + 2)
      stringsEnd = end !== null
      from = end ?? at + 2
    } else from = Math.min(text.length, at + 2)
  }
  kept.push(text.slice(from))
  return kept.join('')
}

function endOfCsi(text: string, from: number): number {
  let at = from
  while (at < text.length && text.charCodeAt(at) >= 0x20 && text.charCodeAt(at) <= 0x3f) at += 1
  const final = text.charCodeAt(at)
  return final >= 0x40 && final <= 0x7e ? at + 1 : at
}

function endOfString(text: string, from: number): number | null {
  const [byBell, byTerminator] = [text.indexOf(bell, from), text.indexOf(terminator, from)]
  if (byBell === -1 && byTerminator === -1) return null
  if (byTerminator === -1 || (byBell !== -1 && byBell < byTerminator)) return byBell + bell.length
  return byTerminator + terminator.length
}
