import { join } from 'node:path'
import { createClaudeParser } from '@agent-jobs/claude-stream-parser'
import type { Bench } from './figure.ts'
import { benchParser, readRecordings } from './support/parser-bench.ts'

const fixtures = join(import.meta.dirname, '../packages/claude-stream-parser/src/__fixtures__/claude')

/** The Claude parser beside JSON.parse over the same lines, and its memory over 1 GB. */
export const bench: Bench = (log, { quick }) =>
  benchParser(readRecordings(fixtures), createClaudeParser, { log, quick })
