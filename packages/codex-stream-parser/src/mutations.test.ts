import { describeMutations } from '@agent-jobs/stream-parser-core/test/describe-mutations.ts'
import { recordings } from './__fixtures__/recordings.ts'
import { type CodexSummary, createCodexParser } from './index.ts'

function gist(summary: CodexSummary): unknown {
  const { evidence, ...rest } = summary
  // Other lines may come between: they change these counts and nothing else.
  const others = { lines: null, unknownEvents: null, unknownTypes: null }
  return { ...rest, ...others, decidedBy: evidence.map(({ source, field }) => `${source} ${field}`) }
}

const toolTypes = new Set(['command_execution', 'file_change', 'mcp_tool_call', 'web_search', 'collab_tool_call'])

describeMutations({
  createParser: createCodexParser,
  recordings,
  gist,
  countToolCalls: (lines) =>
    new Set(
      lines
        .map(({ item }) => item as { id?: string; type?: string } | undefined)
        .filter((item) => toolTypes.has(item?.type ?? ''))
        .map((item) => item?.id),
    ).size,
  hasEnd: (lines) => lines.some(({ type }) => type === 'turn.completed'),
})
