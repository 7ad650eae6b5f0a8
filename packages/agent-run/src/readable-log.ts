/** An entry of a transcript, told apart by `kind`; its other members depend on it. */
export interface ShownEntry {
  readonly kind: string
  readonly [member: string]: unknown
}

// Each line of the log says what it is by its first characters, so that a reader needs no other line to understand it.
const marks = {
  init: '◇ ',
  assistant: '▸ ',
  thinking: '… ',
  user: '◂ ',
  call: '⚙ ',
  result: '↳ ',
  failed: '✗ ',
  end: '■ ',
} as const
const subAgent = '│ '

const maxResultLines = 200
const maxLineChars = 4_000
// Tool calls whose results have not come; more than any agent has open at once.
const maxOpenCalls = 1_000

const text = (value: unknown): string => (typeof value === 'string' ? value : '')
const oneLine = (value: string): string => shorten(value.trim().replaceAll(/\s*\n\s*/g, ' ⏎ '))
const shorten = (value: string): string =>
  value.length <= maxLineChars ? value : `${value.slice(0, maxLineChars)} … (${value.length} characters)`

/** Every line of a text with a mark. */
const marked = (mark: string, value: string): string[] =>
  value.trim() === ''
    ? []
    : value
        .trimEnd()
        .split('\n')
        .map((line) => `${mark}${shorten(line)}`)

/** The members of a tool's input as `name: value`. */
function inputOf(input: unknown): string {
  if (typeof input !== 'object' || input === null) return oneLine(text(input))
  const parts = Object.entries(input).map(([name, value]) => {
    const shown = typeof value === 'string' ? value : (JSON.stringify(value) ?? '')
    return `${name}: ${oneLine(shown)}`
  })
  return shorten(parts.join(' · '))
}

const count = (value: unknown): string => (typeof value === 'number' ? value.toLocaleString('en-US') : '?')

function endLines(entry: ShownEntry): string[] {
  const { costUsd, inputTokens, outputTokens, errors } = entry
  const cost = typeof costUsd === 'number' && costUsd > 0 ? `, $${costUsd.toFixed(4)}` : ''
  const numbers = `${count(inputTokens)} tokens in, ${count(outputTokens)} out${cost}`
  if (entry['isError'] !== true) return [`${marks.end}Done: ${numbers}`]
  const named = Array.isArray(errors) ? errors.filter((each) => typeof each === 'string') : []
  const why = [text(entry['subtype']), ...named].filter((each) => each !== '').join(': ')
  return [`${marks.end}Failed: ${oneLine(why)} (${numbers})`]
}

/** Turns an agent's events into lines that people read. */
export interface ReadableLog {
  /** The lines of one event; none for an event that says nothing to people. */
  lines(entries: readonly ShownEntry[]): string[]
}

/** Creates one for a run: it numbers the tool calls, so that results can be told apart. */
export function createReadableLog(): ReadableLog {
  const numbers = new Map<string, number>()
  let calls = 0

  function callNumber(id: string): number {
    const known = numbers.get(id)
    if (known !== undefined) return known
    calls += 1
    numbers.set(id, calls)
    const [oldest] = numbers.keys()
    if (numbers.size > maxOpenCalls && oldest !== undefined) numbers.delete(oldest)
    return calls
  }

  function entryLines(entry: ShownEntry): string[] {
    const id = text(entry['toolUseId'])
    switch (entry.kind) {
      case 'init':
        return [`${marks.init}Session ${text(entry['sessionId'])} · model ${text(entry['model'])}`]
      case 'assistant':
      case 'thinking':
      case 'user':
        return marked(marks[entry.kind], text(entry['text']))
      case 'tool_call':
        return [`${marks.call}[${callNumber(id)}] ${text(entry['name'])} ${inputOf(entry['input'])}`.trimEnd()]
      case 'tool_result': {
        const mark = `${entry['isError'] === true ? marks.failed : marks.result}[${callNumber(id)}] `
        const all = marked(mark, text(entry['content']))
        const more = all.length - maxResultLines
        return more > 0 ? [...all.slice(0, maxResultLines), `${mark}… ${count(more)} more lines`] : all
      }
      case 'result':
        return endLines(entry)
      default:
        return text(entry['text']) === '' ? [] : text(entry['text']).split('\n').map(shorten)
    }
  }
  return {
    lines: (entries) =>
      entries.flatMap((entry) => {
        const lines = entryLines(entry)
        return 'parentToolUseId' in entry ? lines.map((line) => `${subAgent}${line}`) : lines
      }),
  }
}

/** Reads a line of a readable log back, alone; null for a line that is none. */
export function readReadableLine(given: string, ts: string): (ShownEntry & { readonly ts: string }) | null {
  const line = given.startsWith(subAgent) ? given.slice(subAgent.length) : given
  const rest = line.slice(2)
  const numbered = /^\[(\d+)\] ?(.*)$/s.exec(rest)
  switch (line.slice(0, 2)) {
    case marks.assistant:
    case marks.thinking:
      // The UI joins deltas that follow each other.
      return { kind: line.startsWith(marks.assistant) ? 'assistant' : 'thinking', ts, text: `${rest}\n`, delta: true }
    case marks.user:
      return { kind: 'user', ts, text: rest }
    case marks.init: {
      const [, sessionId, model] = /^Session (\S*) · model (.*)$/.exec(rest) ?? []
      return sessionId === undefined || model === undefined ? null : { kind: 'init', ts, sessionId, model }
    }
    case marks.call: {
      const [, id, call = ''] = numbered ?? []
      const [name = '', ...input] = call.split(' ')
      return id === undefined ? null : { kind: 'tool_call', ts, toolUseId: id, name, input: input.join(' ') }
    }
    case marks.result:
    case marks.failed: {
      const [, id, content = ''] = numbered ?? []
      return id === undefined
        ? null
        : { kind: 'tool_result', ts, toolUseId: id, content, isError: line.startsWith(marks.failed) }
    }
    case marks.end:
      return { kind: 'system', ts, text: rest }
    default:
      return null
  }
}
