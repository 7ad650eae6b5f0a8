import type { ProcessEnd } from '@agent-jobs/stream-parser-core'
import type { Verdict } from './evidence.ts'
import { judgeEnding } from './judge-ending.ts'
import { judgeResult } from './judge-result.ts'
import type { RunFacts } from './run-facts.ts'

/** Judges a run from members of its lines and from how its process ended. A pure function. */
export function judge(facts: RunFacts, end: ProcessEnd): Verdict {
  return facts.result ? judgeResult(facts.result, facts, end) : judgeEnding(facts, end)
}
