import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DatabaseVerdict } from './database-verdict.ts'

/** The name of a task's database with this number. */
export function databaseName(number: number): string {
  return number === 1 ? 'opencode.db' : `opencode.${number}.db`
}

/** The note that keeps later runs from a database that could not be used. The database itself stays as it is. */
const noteOf = (name: string): string => `${name}.aside`

/** The number of a task's current database: the highest that exists, or the next one when that is set aside. */
export function currentNumber(names: readonly string[]): number {
  const numbers = names.flatMap((name) => {
    const found = /^opencode(?:\.([1-9]\d{0,8}))?\.db$/.exec(name)
    return found ? [Number(found[1] ?? 1)] : []
  })
  const highest = Math.max(1, ...numbers)
  return names.includes(noteOf(databaseName(highest))) ? highest + 1 : highest
}

/** A task's current database file. */
export function currentDatabase(folder: string): string {
  return join(folder, databaseName(currentNumber(readdirSync(folder))))
}

/** Sets a database aside: it keeps its name, and no later run takes it. */
export function setAside(file: string, verdict: DatabaseVerdict): void {
  const note = noteOf(file)
  if (!existsSync(note)) writeFileSync(note, `${JSON.stringify({ ...verdict, at: new Date().toISOString() })}\n`)
}
