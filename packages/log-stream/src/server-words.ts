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

/**
 * How long words that say "this log is gone" are doubted once the container has ended, in ms; null for other words. The
 * file of an ended container does not come back. A runtime that is down answers like one that has removed the container
 * (docs/kubernetes-facts.md#log-end), and is usually back within two minutes.
 */
export function doubtOfGoneLogMs(words: string): number | null {
  if (/^failed to try resolving symlinks in path .*: no such file or directory\s*$/s.test(words)) return 10_000
  return words.startsWith('unable to retrieve container logs for ') ? 120_000 : null
}
