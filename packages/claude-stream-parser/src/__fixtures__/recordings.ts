import { join } from 'node:path'
import { findRecording, readRecordings, type Recording } from '@agent-jobs/stream-parser-core/test/read-recordings.ts'

export type { Recording }

/** All recorded runs of the real command line, by name. */
export const recordings: readonly Recording[] = readRecordings(join(import.meta.dirname, 'claude'))

/** The recording of that name. */
export function recording(name: string): Recording {
  return findRecording(recordings, name)
}
