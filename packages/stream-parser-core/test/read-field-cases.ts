import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Output built from a public bug report, or recorded, with what a parser has to make of it. */
export interface FieldCase {
  readonly name: string
  readonly stdout: Uint8Array
  readonly end: { readonly exitCode: number | null; readonly signal: string | null; readonly stderr: string }
  /** By path in the summary; see `describe-field-cases.ts`. Null for a recording without its own expectation. */
  readonly expect: Readonly<Record<string, unknown>> | null
  readonly transcript: string | null
}

interface Expected {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly expect: Readonly<Record<string, unknown>>
  readonly transcript: string | null
}

/** All cases in a folder, by name. */
export function readFieldCases(directory: string): readonly FieldCase[] {
  return readdirSync(directory)
    .sort()
    .map((name) => {
      const text = (file: string): string => {
        const path = join(directory, name, file)
        return existsSync(path) ? readFileSync(path, 'utf8') : ''
      }
      const bytes = ['input.jsonl', 'stdout.jsonl', 'recorded.jsonl']
        .map((file) => join(directory, name, file))
        .find((path) => existsSync(path))
      const expected = text('expected.json')
      const wanted = expected === '' ? null : (JSON.parse(expected) as Expected)
      const exit = text('exit').trim()
      return {
        name,
        stdout: bytes === undefined ? new Uint8Array() : new Uint8Array(readFileSync(bytes)),
        end: {
          exitCode: wanted ? wanted.exitCode : exit === '' ? null : Number(exit),
          signal: wanted?.signal ?? null,
          stderr: text('stderr.txt'),
        },
        expect: wanted?.expect ?? null,
        transcript: wanted?.transcript ?? null,
      }
    })
}

/** The case of that name. */
export function findFieldCase(cases: readonly FieldCase[], name: string): FieldCase {
  const found = cases.find((one) => one.name === name)
  if (!found) throw new Error(`Field case ${name} not found`)
  return found
}
