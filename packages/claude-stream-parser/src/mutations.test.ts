import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { describeMutations } from '@agent-jobs/stream-parser-core/test/describe-mutations.ts'
import { recordings } from './__fixtures__/recordings.ts'
import { otherRecordings } from './__fixtures__/other-recordings.ts'
import { type ClaudeSummary, createClaudeParser } from './index.ts'

type Line = Record<string, unknown>

function gist(summary: ClaudeSummary): unknown {
  const { errorCode, sessionId, model, result, usage, usageByModel, usageBasis, costUsd, numTurns, durationMs } =
    summary
  const { toolCallsByName, subagents, finished, pendingTasks, results, retries, compactions, permissionDenials } =
    summary
  const numbers = { usage, usageByModel, usageBasis, costUsd, numTurns, durationMs, results, retries, compactions }
  return {
    errorCode,
    sessionId,
    model,
    result,
    ...numbers,
    toolCallsByName,
    subagents,
    finished,
    pendingTasks,
    permissionDenials,
  }
}

function countToolCalls(lines: readonly Line[]): number {
  const blocks = lines
    .filter((line) => line['type'] === 'assistant')
    .flatMap((line) => (line as { message?: { content?: { type?: unknown }[] } }).message?.content ?? [])
  return blocks.filter(({ type }) => String(type).endsWith('tool_use')).length
}

describeMutations({
  createParser: createClaudeParser,
  recordings: [...recordings, ...otherRecordings],
  gist,
  countToolCalls,
  hasEnd: (lines) => lines.some(({ type }) => type === 'result'),
})

describe('lines of sub-agents that run side by side', () => {
  const interleaved = [...recordings, ...otherRecordings].filter(
    ({ lines }) => new Set(lines.map((line) => line['parent_tool_use_id'] ?? null)).size > 2,
  )

  it('are in several recordings', () => expect(interleaved.length).toBeGreaterThan(1))

  it('say the same in any order that keeps each sub-agent’s own', () => {
    fc.assert(
      fc.property(fc.constantFrom(...interleaved), fc.infiniteStream(fc.nat(1000)), (recording, random) => {
        const parse = (lines: readonly Line[]): unknown => {
          const parser = createClaudeParser()
          for (const line of lines) parser.line(JSON.stringify(line))
          return gist(parser.end(recording.end))
        }
        expect(parse(shuffled(recording.lines, () => random.next().value ?? 0))).toEqual(parse(recording.lines))
      }),
      { numRuns: 100 },
    )
  })
})

/** Swaps neighbours that belong to different sub-agents. */
function shuffled(lines: readonly Line[], random: () => number): Line[] {
  const order = [...lines]
  for (let round = 0; round < order.length; round++) {
    const at = random() % order.length
    const [one, other] = [order[at], order[at + 1]]
    const [a, b] = [one?.['parent_tool_use_id'] ?? null, other?.['parent_tool_use_id'] ?? null]
    if (one && other && a !== null && b !== null && a !== b) [order[at], order[at + 1]] = [other, one]
  }
  return order
}
