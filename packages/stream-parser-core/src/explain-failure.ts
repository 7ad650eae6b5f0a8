import { endSignal } from './process-signal.ts'
import type { ProcessEnd } from './process-end.ts'
import { lastWordsOf } from './last-words.ts'

const maxChars = 4_000

/**
 * A failure's message with what helps to find its cause: where the API error came from, how the process ended, and the
 * CLI's last words on stderr. What the message says already is not said again.
 */
export function explainFailure(message: string, end: ProcessEnd, endpoint: string | null = null): string {
  const signal = end.signal ?? (end.exitCode == null ? null : endSignal(end))
  const words = lastWordsOf(end.stderr ?? '')
  const facts = [
    ...(endpoint === null || message.includes(endpoint) ? [] : [`from ${endpoint}`]),
    ...(signal !== null && !message.includes(signal) ? [signal] : []),
    ...(end.exitCode == null || end.exitCode === 0 || says(message, end.exitCode) ? [] : [`exit code ${end.exitCode}`]),
    ...(words === '' || message.includes(words) || words.includes(message) ? [] : [`stderr: ${words}`]),
  ]
  const detail = facts.length === 0 ? '' : ` (${facts.join('; ')})`
  return `${message.slice(0, maxChars - Math.min(detail.length, maxChars / 2))}${detail}`
}

function says(message: string, exitCode: number): boolean {
  return new RegExp(`\\bexit(?:ed)?(?: code| with)+ ${exitCode}\\b`).test(message)
}
