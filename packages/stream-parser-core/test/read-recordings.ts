import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseJson } from '../src/json.ts'

/** One recorded run of the real command line. */
export interface Recording {
  readonly name: string
  readonly stdout: Uint8Array
  readonly lines: readonly Record<string, unknown>[]
  readonly meta: {
    readonly exit_code: number | null
    readonly exit_signal: string | null
    readonly argv: readonly string[]
  }
  readonly end: { readonly exitCode: number | null; readonly signal: string | null; readonly stderr: string }
}

/** All recordings in a folder, by name. */
export function readRecordings(directory: string): readonly Recording[] {
  return readdirSync(directory)
    .sort()
    .map((name) => {
      const stdout = readFileSync(join(directory, name, 'stdout.jsonl'))
      const meta = JSON.parse(readFileSync(join(directory, name, 'meta.json'), 'utf8')) as Recording['meta']
      return {
        name,
        stdout: new Uint8Array(stdout),
        lines: stdout
          .toString('utf8')
          .split('\n')
          .flatMap((line) => {
            const value = parseJson(line)
            return value === undefined ? [] : [value as Record<string, unknown>].flat()
          }),
        meta,
        end: {
          exitCode: meta.exit_code,
          signal: meta.exit_signal,
          stderr: readFileSync(join(directory, name, 'stderr.txt'), 'utf8'),
        },
      }
    })
}

/** The recording of that name. */
export function findRecording(recordings: readonly Recording[], name: string): Recording {
  const found = recordings.find((one) => one.name === name)
  if (!found) throw new Error(`Recording ${name} not found`)
  return found
}
