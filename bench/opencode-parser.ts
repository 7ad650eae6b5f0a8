import { join } from 'node:path'
import { createOpencodeParser } from '@agent-jobs/opencode-stream-parser'
import type { Bench } from './figure.ts'
import { benchParser, readRecordings } from './support/parser-bench.ts'

const fixtures = join(import.meta.dirname, '../packages/opencode-stream-parser/src/__fixtures__/opencode')

/** The OpenCode parser beside JSON.parse over the same lines, and its memory over 1 GB. */
export const bench: Bench = (log, { quick }) =>
  benchParser(readRecordings(fixtures), createOpencodeParser, { log, quick })
