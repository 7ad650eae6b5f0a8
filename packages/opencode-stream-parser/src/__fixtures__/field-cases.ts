import { join } from 'node:path'
import { findFieldCase, readFieldCases, type FieldCase } from '@agent-jobs/stream-parser-core/test/read-field-cases.ts'

/** Cases from public bug reports, and recordings of them. */
export const fieldCases: readonly FieldCase[] = readFieldCases(join(import.meta.dirname, 'field-cases'))

/** The lines of the case of that name. */
export function fieldRecording(name: string): string[] {
  const lines = new TextDecoder().decode(findFieldCase(fieldCases, name).stdout).split('\n')
  return lines.filter((line) => line !== '')
}
