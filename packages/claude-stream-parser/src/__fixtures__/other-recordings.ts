import { join } from 'node:path'
import { readRecordings, type Recording } from '@agent-jobs/stream-parser-core/test/read-recordings.ts'

/** Recordings of our own, in situations and of versions that the others do not hold. */
export const otherRecordings: readonly Recording[] = readRecordings(join(import.meta.dirname, 'others'))
