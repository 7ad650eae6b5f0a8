import { readFileSync, readdirSync } from 'node:fs'

const root = new URL('../src/__fixtures__/', import.meta.url)

export const readFixture = (path: string): string => readFileSync(new URL(path, root), 'utf8')

export interface RecordedError {
  readonly request: string
  readonly status: number
  readonly headers: Record<string, string>
  readonly body: { readonly message: string; readonly reason: string; readonly code: number }
}

/** The error answers recorded from a real API server, by file name. */
export function recordedErrors(): [string, RecordedError][] {
  return readdirSync(new URL('http-errors', root)).map((name) => [
    name.replace('.json', ''),
    JSON.parse(readFixture(`http-errors/${name}`)) as RecordedError,
  ])
}
