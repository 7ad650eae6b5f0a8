import type { AgentSummary } from '@agent-jobs/agent-run'
import type { RunView } from './run-view.ts'

/** What `ps` knows about a run: the view of its objects, and the agent's own summary where that was read. */
export interface PsRow extends RunView {
  readonly session: string | null
  readonly model: string | null
  readonly costUsd: number | null
  readonly turns: number | null
}

/** A row of a run; without a summary its members of the agent are null. */
export function rowOf(view: RunView, summary: AgentSummary | null): PsRow {
  return {
    ...view,
    session: summary?.sessionId ?? null,
    model: summary?.model ?? null,
    costUsd: summary?.costUsd ?? null,
    turns: summary?.numTurns ?? null,
  }
}

/** What runs can be sorted by. */
export const sortKeys = ['age', 'name', 'state', 'duration', 'cost'] as const
export type SortKey = (typeof sortKeys)[number]

const comparisons: Readonly<Record<SortKey, (a: PsRow, b: PsRow) => number>> = {
  age: (a, b) => (b.createdAt ?? '').localeCompare(a.createdAt ?? ''),
  name: (a, b) => a.job.localeCompare(b.job),
  state: (a, b) => a.state.localeCompare(b.state),
  duration: (a, b) => (b.durationMs ?? -1) - (a.durationMs ?? -1),
  cost: (a, b) => (b.costUsd ?? -1) - (a.costUsd ?? -1),
}

/** Rows in the order that is asked for; equal ones stay newest first. */
export function sortRuns(rows: readonly PsRow[], by: SortKey = 'age'): PsRow[] {
  return rows.toSorted((a, b) => comparisons[by](a, b))
}
