import { tmpdir } from 'node:os'
import { type Clock, systemClock } from '@agent-jobs/primitives'
import type { JournalSource } from './journal-source.ts'
import type { LogCursor } from './log-item.ts'
import { LogStreamError } from './log-stream-error.ts'
import type { SpoolBudget } from './spool-budget.ts'
import type { SpoolOptions } from './spool.ts'

/** Where lines wait for a slow consumer. */
export interface SpoolSettings {
  /** Bytes kept in memory. Default 1 MiB. */
  memoryBytes?: number | undefined
  /** Bytes kept in a file beyond that. Default 1 GiB. */
  diskBytes?: number | undefined
  /** Where that file is created; it is unlinked once it is open. Default: the system's temporary folder. */
  directory?: string | undefined
  /** Limits the files of all followers that share it. Default: none. */
  budget?: SpoolBudget | undefined
}

/** Options of {@link followLogs}. Every time is in milliseconds unless its name says otherwise. */
export interface FollowOptions {
  /** `launcher`: numbered frames of our launcher. `none`: unframed output of any container. */
  framing: 'launcher' | 'none'
  /** Continue from here. Default: from the beginning. */
  cursor?: LogCursor | undefined
  /** Where frames missing from the log can be found. Only for framing `launcher`. */
  journal?: JournalSource | undefined
  /** Settles when the pod's status says that the container terminated, or that the pod is gone. */
  containerEnded: Promise<unknown>
  /**
   * How to treat an end record of the launcher. `confirm`: it is delivered at once, and reading continues until
   * `containerEnded` shows that the container ended with it; later output is delivered, and `ending` says so.
   * `trust`: following ends with it, up to a second earlier; only for a command that cannot write to the container's
   * output itself. Default `confirm`.
   */
  endRecord?: 'trust' | 'confirm' | undefined
  /** Stops following at once: the iterator throws the signal's reason, whatever waits in the spool. */
  signal?: AbortSignal | undefined
  /** A longer line is delivered in parts, or refused. Default 16 MiB. */
  maxLineBytes?: number | undefined
  /** What happens to a line above `maxLineBytes`. Default `parts`. */
  longLines?: 'parts' | 'refuse' | undefined
  /** Where lines wait for a slow consumer. Default 1 MiB in memory, then 1 GiB in a file in the system's temporary folder. */
  spool?: SpoolSettings | undefined
  /** How far back a resumed request reaches, in whole seconds. Default 2 with frames, 10 without. */
  overlapSeconds?: number | undefined
  /** Lines remembered to recognise repetitions, 16 bytes each. Default 65,536. Only for framing `none`. */
  maxRecentLines?: number | undefined
  /** Bounds of the full-jitter wait before a new connection. Default 1,000 doubling to 10,000. */
  backoff?: { baseMs?: number; maxMs?: number } | undefined
  /** After this long without a byte, the newest line is requested. Default 30,000. */
  silenceMs?: number | undefined
  /** A connection is replaced after this long, before the kubelet cuts it at 4 hours. Default 13,800,000 (3 h 50 min). */
  renewMs?: number | undefined
  /** Wait between reads where the node cannot follow (no inotify instance left). Default 5,000. */
  pollMs?: number | undefined
  /** How long to look for missing lines in the whole log file while every read of it breaks. Default 300,000. */
  rereadMs?: number | undefined
  /**
   * How long the last read after the container's end is retried when it fails. Default 30,000. A log that is gone is given up
   * earlier: after 10 s without its file, after 2 min when the runtime no longer has the container.
   */
  drainMs?: number | undefined
  /** Longest wait for a request's headers or for a probe. Default 60,000. */
  requestTimeoutMs?: number | undefined
  /** Longest wait for the journal's next bytes: a slow one that makes progress is read to its end. Default 10,000. */
  journalTimeoutMs?: number | undefined
  /** Used to measure durations only. */
  clock?: Pick<Clock, 'now' | 'sleep'> | undefined
  random?: (() => number) | undefined
}

/** The validated options with their defaults. */
export interface ResolvedOptions {
  framing: 'launcher' | 'none'
  cursor: LogCursor | undefined
  journal: JournalSource | undefined
  containerEnded: Promise<unknown>
  endRecord: 'trust' | 'confirm'
  signal: AbortSignal
  maxLineBytes: number
  longLines: 'parts' | 'refuse'
  spool: SpoolOptions
  overlapSeconds: number
  maxRecentLines: number
  backoff: { baseMs: number; maxMs: number }
  silenceMs: number
  renewMs: number
  pollMs: number
  rereadMs: number
  drainMs: number
  requestTimeoutMs: number
  journalTimeoutMs: number
  clock: Pick<Clock, 'now' | 'sleep'>
  random: () => number
}

const isCount = (value: unknown): boolean => value === undefined || (Number.isSafeInteger(value) && Number(value) >= 0)

function isHole(hole: unknown, next: number): boolean {
  if (!Array.isArray(hole) || hole.length !== 2) return false
  const [from, to]: unknown[] = hole
  return (
    Number.isSafeInteger(from) &&
    Number.isSafeInteger(to) &&
    Number(from) >= 0 &&
    Number(from) <= Number(to) &&
    Number(to) < next
  )
}

/** Whether a cursor, which may come from anywhere, was written by this version for this framing. */
function isCursor(cursor: LogCursor, framing: FollowOptions['framing']): boolean {
  if (typeof cursor !== 'object' || cursor === null) return false
  if (cursor.version !== 1 || cursor.framing !== framing || !isCount(cursor.lost)) return false
  if (cursor.framing === 'launcher') {
    const { next, open, since, holes = [] } = cursor
    if (!Array.isArray(holes) || !holes.every((hole) => isHole(hole, next))) return false
    if (!Number.isSafeInteger(next) || next < 0 || !isCount(open?.stdout) || !isCount(open?.stderr)) return false
    return since === undefined || (typeof since === 'string' && !Number.isNaN(Date.parse(since)))
  }
  const { seq, last, before, high } = cursor
  if (!Number.isSafeInteger(seq) || seq < 0 || !isCount(before)) return false
  if (high !== undefined && !/^-?\d+$/.test(high)) return false
  return last === undefined || (/^-?\d+$/.test(last[0]) && /^[0-9a-f]{16}$/.test(last[1]))
}

function atLeast(name: string, value: number, least: number): number {
  if (Number.isFinite(value) && value >= least) return value
  throw new LogStreamError(
    'invalid_option',
    `Expected \`${name}\` to be a number of at least ${least}, got \`${value}\``,
  )
}

/** Fills in defaults and rejects invalid options. */
export function resolveOptions(o: FollowOptions): ResolvedOptions {
  if (o.framing !== 'launcher' && o.framing !== 'none') {
    throw new LogStreamError(
      'invalid_option',
      `Expected \`framing\` to be 'launcher' or 'none', got \`${String(o.framing)}\``,
    )
  }
  if (typeof o.containerEnded?.then !== 'function') {
    throw new LogStreamError(
      'invalid_option',
      "Expected `containerEnded` to be a promise that settles when the pod's status says that the container terminated, " +
        `got \`${String(o.containerEnded)}\``,
    )
  }
  if (o.cursor !== undefined && !isCursor(o.cursor, o.framing)) {
    throw new LogStreamError(
      'invalid_cursor',
      `Expected \`cursor\` to be of version 1 and framing '${o.framing}', got ${JSON.stringify(o.cursor).slice(0, 200)}. ` +
        'Pass the cursor of an item of the same container, or none to begin at the start.',
    )
  }
  if (o.journal !== undefined && o.framing === 'none') {
    throw new LogStreamError('invalid_option', "Expected no `journal` with framing 'none': only frames have numbers")
  }
  return {
    framing: o.framing,
    cursor: o.cursor,
    journal: o.journal,
    containerEnded: o.containerEnded,
    endRecord: o.endRecord ?? 'confirm',
    signal: o.signal ?? new AbortController().signal,
    maxLineBytes: atLeast('maxLineBytes', o.maxLineBytes ?? 16_777_216, 16),
    longLines: o.longLines ?? 'parts',
    spool: {
      memoryBytes: atLeast('spool.memoryBytes', o.spool?.memoryBytes ?? 1_048_576, 1),
      diskBytes: atLeast('spool.diskBytes', o.spool?.diskBytes ?? 1_073_741_824, 0),
      directory: o.spool?.directory ?? tmpdir(),
      budget: o.spool?.budget,
    },
    overlapSeconds: Math.ceil(atLeast('overlapSeconds', o.overlapSeconds ?? (o.framing === 'none' ? 10 : 2), 1)),
    maxRecentLines: atLeast('maxRecentLines', o.maxRecentLines ?? 65_536, 16),
    backoff: {
      baseMs: atLeast('backoff.baseMs', o.backoff?.baseMs ?? 1_000, 1),
      maxMs: atLeast('backoff.maxMs', o.backoff?.maxMs ?? 10_000, 1),
    },
    silenceMs: atLeast('silenceMs', o.silenceMs ?? 30_000, 1),
    renewMs: atLeast('renewMs', o.renewMs ?? 13_800_000, 1),
    pollMs: atLeast('pollMs', o.pollMs ?? 5_000, 1),
    rereadMs: atLeast('rereadMs', o.rereadMs ?? 300_000, 0),
    drainMs: atLeast('drainMs', o.drainMs ?? 30_000, 0),
    requestTimeoutMs: atLeast('requestTimeoutMs', o.requestTimeoutMs ?? 60_000, 1),
    journalTimeoutMs: atLeast('journalTimeoutMs', o.journalTimeoutMs ?? 10_000, 1),
    clock: o.clock ?? systemClock,
    random: o.random ?? Math.random,
  }
}
