import { join } from 'node:path'
import {
  findRecording,
  readRecordings,
  type Recording,
} from '@agent-jobs/stream-parser-core/test/read-recordings.ts'

export type { Recording }

const folder = join(import.meta.dirname, 'codex')

/** All recorded runs of the real command line, by name. */
export const recordings: readonly Recording[] = readRecordings(folder)

/** The recording of that name. */
export function recording(name: string): Recording {
  return findRecording(recordings, name)
}

/** A file beside a recording, for example the run before it. */
export function besideRecording(name: string, file: string): string {
  return join(folder, name, file)
}
