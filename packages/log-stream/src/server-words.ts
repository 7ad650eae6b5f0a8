import { stampEnd } from './timestamp.ts'

/**
 * Text after the last newline of a body: a piece of a line, which is sent again and does not count, or an
 * error message of the kubelet, which arrives with status 200, without timestamp and without newline
 * (docs/kubernetes-facts.md#errors-that-come-as-200).
 * Returns the text, or '' for a piece of a line.
 */
export function serverWords(rest: Buffer): string {
  if (rest.length === 0 || stampEnd(rest, 0, rest.length) >= 0) return ''
  const text = rest.toString('utf8', 0, Math.min(rest.length, 4_096))
  // A cut inside the timestamp itself leaves only its characters.
  if (text.startsWith('@aj1 ') || '@aj1 '.startsWith(text)) return ''
  return /^[-0-9T:.+Z]{1,35}$/.test(text) ? '' : text
}

/** Whether the kubelet says that the node has no inotify instance left, so that it cannot follow. */
export function saysTooManyOpenFiles(text: string): boolean {
  return /too many open files|no space left on device/.test(text) && /watch|inotify/.test(text)
}
