import type { KubeClient } from '@agent-jobs/kube-api'
import type { Clock } from './clock.ts'
import type { Endings } from './endings.ts'

/** Something that a runner survives but its owner should know. */
export interface RunnerWarning {
  code: string
  message: string
  cause?: unknown
}

/** What every part of a runner works with. */
export interface RunnerContext {
  client: KubeClient
  namespace: string
  clock: Clock
  random: () => number
  warn: (warning: RunnerWarning) => void
  endings: Endings
  /** The API server has taken the credentials at least once, so that a later 401 is worth some patience. */
  trusted: boolean
  /** Fires when the client was closed: nothing can be followed any more. */
  closed: AbortController
}

/** Waits between attempts: full jitter, doubled each time, at most `capMs`. */
export function backoffMs(attempt: number, random: () => number, baseMs = 200, capMs = 5000): number {
  return random() * Math.min(capMs, baseMs * 2 ** Math.min(attempt, 16))
}

/** The text of whatever was thrown, without its full stop: it stands in a sentence. */
export function errorText(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).replace(/\.$/, '')
}
