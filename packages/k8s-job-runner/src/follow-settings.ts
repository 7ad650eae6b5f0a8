import type { RunRequest } from './run-request.ts'

/** What a process needs to follow a Job that it did not submit, stored as JSON in an annotation of the Job. */
export interface FollowSettings {
  version: 1
  container: string
  secret: string
  graceSeconds: number
  budgetMs: number
  unschedulableGraceMs: number
  missingGraceMs: number
  refusedGraceMs: number
  /** After `finished()`: how long the process may stay before the runner stops the pod. */
  hangAfterFinishMs: number
  /** The launcher's own limits; the runner enforces them when the launcher does not. */
  totalMs?: number
  idleMs?: number
  retain: boolean
  journalPath?: string
  /** Kueue's LocalQueue. */
  queue?: string
}

const defaults = {
  graceSeconds: 30,
  budgetMs: 600_000,
  unschedulableGraceMs: 120_000,
  missingGraceMs: 60_000,
  refusedGraceMs: 30_000,
  hangAfterFinishMs: 30_000,
} as const

/** Derives the settings from a request. */
export function followSettings(request: RunRequest, secret: string): FollowSettings {
  const { start = {}, command } = request
  const ms = (seconds: number | undefined, fallback: number) => (seconds === undefined ? fallback : seconds * 1000)
  return {
    version: 1,
    container: request.containerName ?? 'main',
    secret,
    graceSeconds: request.terminationGracePeriodSeconds ?? defaults.graceSeconds,
    budgetMs: ms(start.budgetSeconds, defaults.budgetMs),
    unschedulableGraceMs: ms(start.unschedulableGraceSeconds, defaults.unschedulableGraceMs),
    missingGraceMs: ms(start.missingGraceSeconds, defaults.missingGraceMs),
    refusedGraceMs: ms(start.refusedGraceSeconds, defaults.refusedGraceMs),
    hangAfterFinishMs: command.limits?.hangAfterFinishMs ?? defaults.hangAfterFinishMs,
    ...(command.limits?.totalMs === undefined ? {} : { totalMs: command.limits.totalMs }),
    ...(command.limits?.idleMs === undefined ? {} : { idleMs: command.limits.idleMs }),
    retain: request.retain ?? false,
    ...(request.journal === undefined ? {} : { journalPath: request.journal.path }),
    ...(request.queue === undefined ? {} : { queue: request.queue.name }),
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** Parses the annotation; null when it is not one of ours. Unknown fields are ignored, missing numbers defaulted. */
export function parseFollowSettings(text: string | undefined): FollowSettings | null {
  if (text === undefined) return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  if (!isRecord(value) || value['version'] !== 1) return null
  const { container, secret, journalPath, queue } = value
  if (typeof container !== 'string' || typeof secret !== 'string') return null
  const record = value
  const limit = (field: 'totalMs' | 'idleMs'): { [Field in typeof field]?: number } => {
    const found = record[field]
    return typeof found === 'number' && Number.isFinite(found) && found > 0 ? { [field]: found } : {}
  }
  const number = (field: keyof typeof defaults): number => {
    const found = record[field]
    return typeof found === 'number' && Number.isFinite(found) && found >= 0 ? found : defaults[field]
  }
  return {
    version: 1,
    container,
    secret,
    graceSeconds: number('graceSeconds'),
    budgetMs: number('budgetMs'),
    unschedulableGraceMs: number('unschedulableGraceMs'),
    missingGraceMs: number('missingGraceMs'),
    refusedGraceMs: number('refusedGraceMs'),
    hangAfterFinishMs: number('hangAfterFinishMs'),
    ...limit('totalMs'),
    ...limit('idleMs'),
    retain: value['retain'] === true,
    ...(typeof journalPath === 'string' ? { journalPath } : {}),
    ...(typeof queue === 'string' && queue !== '' ? { queue } : {}),
  }
}
