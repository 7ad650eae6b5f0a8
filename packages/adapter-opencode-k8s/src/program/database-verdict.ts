/** Why a database cannot be used. */
export const databaseCodes = [
  'session_db_damaged',
  'session_db_newer',
  'session_db_locked',
  'session_db_unusable',
] as const

/** One of them. */
export type DatabaseCode = (typeof databaseCodes)[number]

/** What is wrong with a database, and how it was detected. */
export interface DatabaseVerdict {
  code: DatabaseCode
  detail: string
}

/** The line on stderr by which the program tells the adapter; read back by `readVerdict`. */
export function verdictLine({ code, detail }: DatabaseVerdict): string {
  return `agent-jobs: ${code}: ${detail.replaceAll(/\s+/g, ' ').slice(0, 1000)}`
}

/** The last verdict in the run's stderr. */
export function readVerdict(stderr: string): DatabaseVerdict | null {
  const found = [...stderr.matchAll(/^agent-jobs: (session_db_[a-z]+): (.+)$/gm)].at(-1)
  const code = databaseCodes.find((known) => known === found?.[1])
  return code === undefined ? null : { code, detail: found?.[2] ?? '' }
}
