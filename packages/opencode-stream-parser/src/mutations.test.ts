import { describeMutations } from '@agent-jobs/stream-parser-core/test/describe-mutations.ts'
import { recordings } from './__fixtures__/recordings.ts'
import { otherRecordings } from './__fixtures__/other-recordings.ts'
import { createOpencodeParser, type OpencodeSummary } from './index.ts'

function gist(summary: OpencodeSummary): unknown {
  const { errorCode, sessionId, result, usage, usageBasis, costUsd, contextTokens, numTurns, durationMs } = summary
  const { toolCallsByName, toolErrors, subagents, finished, answered, errors, recoveredErrors, compactions } = summary
  const numbers = {
    usage,
    usageBasis,
    costUsd,
    contextTokens,
    numTurns,
    durationMs,
    errors,
    recoveredErrors,
    compactions,
  }
  return { errorCode, sessionId, result, ...numbers, toolCallsByName, toolErrors, subagents, finished, answered }
}

describeMutations({
  createParser: createOpencodeParser,
  recordings: [...recordings, ...otherRecordings],
  gist,
  countToolCalls: (lines) => lines.filter(({ type }) => type === 'tool_use').length,
  hasEnd: (lines) => lines.some(({ type }) => type === 'step_finish'),
})
