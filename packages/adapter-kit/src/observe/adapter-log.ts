import { createWriteStream } from 'node:fs'
import type { Writable } from 'node:stream'
import { errorMessage, hideCredentialForms } from '@agent-jobs/primitives'

/** What an entry of the adapter's log is about. Every member is an id, a code or a number, never output of an agent. */
export type LogFields = Readonly<Record<string, string | number | boolean | null | undefined>>

/** Stable names of what the adapter logs. */
export type LogEvent =
  | 'run.began'
  | 'run.waits'
  | 'run.goes_on'
  | 'run.ended'
  | 'run.released'
  | 'job.created'
  | 'job.adopted'
  | 'job.removed'
  | 'output.gap'
  | 'warning'

/** The adapter's own log: one JSON object on each line, apart from the output of agents. */
export interface AdapterLog {
  write(event: LogEvent, fields: LogFields): void
}

/** Logs nothing. */
export const silentLog: AdapterLog = { write: () => undefined }

const variable = 'AGENT_JOBS_LOG'
// A disk that does not take the log must not fill the memory of the server.
const maxBufferedBytes = 1024 * 1024

/**
 * The log that the operator switches on with `AGENT_JOBS_LOG`: `stderr`, or an absolute path of a file to append to; null when it is
 * off. A log that cannot be written is reported once and fails no run.
 */
export function operatorLog({
  env,
  now,
  stderr,
  onProblem,
}: {
  env: Readonly<Record<string, string | undefined>>
  /** Milliseconds since the epoch. */
  now: () => number
  stderr: Writable
  onProblem: (message: string) => void
}): AdapterLog | null {
  const target = env[variable]?.trim()
  if (!target) return null
  if (target === 'stderr') return writeLines(stderr, { now, onProblem })
  if (target.startsWith('/')) {
    const file = createWriteStream(target, { flags: 'a', mode: 0o600 })
    file.on('error', (error) => onProblem(`The log ${target} of ${variable} cannot be written: ${errorMessage(error)}`))
    return writeLines(file, { now, onProblem })
  }
  onProblem(`${variable} is ${JSON.stringify(target)}. Set it to stderr or to an absolute path. Nothing is logged.`)
  return null
}

function writeLines(
  stream: Writable,
  { now, onProblem }: { now: () => number; onProblem: (message: string) => void },
): AdapterLog {
  let dropped = 0
  return {
    write(event, fields) {
      if (stream.destroyed) return
      if (stream.writableLength > maxBufferedBytes) {
        if (dropped === 0) onProblem(`Entries of ${variable} are dropped: they are not written fast enough.`)
        dropped += 1
        return
      }
      stream.write(lineOf(event, fields, now(), dropped))
      dropped = 0
    },
  }
}

function lineOf(event: LogEvent, fields: LogFields, now: number, dropped: number): string {
  const texts = Object.entries(fields).flatMap(([name, value]) =>
    value === null || value === undefined
      ? []
      : [[name, typeof value === 'string' ? hideCredentialForms(value.slice(0, 4_000)) : value]],
  )
  const entry = {
    time: new Date(now).toISOString(),
    level: event === 'warning' || event === 'output.gap' ? 'warn' : 'info',
    logger: 'agent-jobs',
    event,
    ...Object.fromEntries(texts),
    ...(dropped === 0 ? {} : { droppedBefore: dropped }),
  }
  return `${JSON.stringify(entry)}\n`
}
