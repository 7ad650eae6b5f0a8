import type { TranscriptEntry } from '@agent-jobs/agent-run'
import { jsonText, plain } from './safe-text.ts'
import { shorten, type Style } from './style.ts'

const resultLines = 6
const lineWidth = 160

/** Formats transcript entries as lines; entries without a readable form give no line. */
export function printTranscript(entry: TranscriptEntry, style: Style): string[] {
  const lines = entryLines(entry, style)
  // Entries of a sub-agent are indented further.
  return 'parentToolUseId' in entry ? lines.map((line) => `    ${line}`) : lines
}

function entryLines(entry: TranscriptEntry, style: Style): string[] {
  const text = textOf(entry['text'])
  switch (entry.kind) {
    case 'init':
      return [style.dim(`  session ${textOf(entry['sessionId'])} · model ${textOf(entry['model'])}`)]
    case 'assistant':
      return block(text, style.cyan('▸'), (line) => line)
    case 'thinking':
      return block(text, style.dim('…'), style.dim)
    case 'user':
      return block(text, style.dim('◂'), style.dim)
    case 'tool_call':
      return [
        `  ${style.yellow('⚙')} ${style.bold(textOf(entry['name']))} ${shorten(toolInput(entry['input']), lineWidth)}`,
      ]
    case 'tool_result':
      return toolResult(textOf(entry['content']), entry['isError'] === true, style)
    case 'stdout':
      // Raw events of unknown kinds are not readable; plain text is.
      return /^\s*[[{]/.test(text) ? [] : block(text, style.dim('·'), style.dim)
    case 'stderr':
    case 'system':
      return block(text, style.dim('·'), style.dim)
    default:
      // The result repeats the last answer, and the outcome shows its numbers.
      return []
  }
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? plain(value) : ''
}

function block(text: string, mark: string, paint: (line: string) => string): string[] {
  if (text.trim() === '') return []
  return text
    .trim()
    .split('\n')
    .map((line, at) => (at === 0 ? `  ${mark} ${paint(line)}` : `    ${paint(line)}`))
}

function toolResult(content: string, isError: boolean, style: Style): string[] {
  const lines = content.trimEnd().split('\n')
  const paint = isError ? style.red : style.dim
  const shown = lines.slice(0, resultLines).map((line) => `      ${paint(shorten(line, lineWidth))}`)
  const more = lines.length - shown.length
  return more > 0 ? [...shown, `      ${style.dim(`… ${more} more lines`)}`] : shown
}

const telling = ['command', 'file_path', 'filePath', 'path', 'pattern', 'query', 'url', 'description', 'prompt']

/** The most informative value of a tool's input, on one line. */
function toolInput(input: unknown): string {
  if (typeof input !== 'object' || input === null) return textOf(input)
  const values = new Map(Object.entries(input))
  for (const key of telling) {
    const value = values.get(key)
    if (typeof value === 'string' && value !== '') return plain(value).replaceAll(/\s+/g, ' ')
  }
  return jsonText(input)
}
