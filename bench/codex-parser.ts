import { join } from 'node:path'
import { createCodexParser } from '@agent-jobs/codex-stream-parser'
import type { Bench } from './figure.ts'
import { benchParser, readRecordings } from './support/parser-bench.ts'

const fixtures = join(import.meta.dirname, '../packages/codex-stream-parser/src/__fixtures__/codex')

/** The Codex parser beside JSON.parse over the same lines, and its memory over 1 GB. */
export const bench: Bench = (log, { quick }) => benchParser(readRecordings(fixtures), createCodexParser, { log, quick })
