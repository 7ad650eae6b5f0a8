import type { Board } from '../server/paperclip-board.ts'
import type { Facts } from './table.ts'

interface Comment {
  authorAgentId: string | null
}

const text = (record: Record<string, unknown> | null, name: string): string | null => {
  const value = record?.[name]
  return typeof value === 'string' ? value : null
}

/** What people can see of an agent and its issue afterwards. */
export async function observe(board: Board, { agent, issue }: { agent: string; issue: string }): Promise<Facts> {
  const [found, comments, listed] = await Promise.all([
    board.issue(issue),
    board.must<Comment[]>('GET', `/api/issues/${issue}/comments`),
    board.runs(agent),
  ])
  const runs = (await Promise.all(listed.map(({ id }) => board.run(id)))).toReversed()
  const [first] = runs
  const all = (pick: (run: (typeof runs)[number]) => unknown): string => runs.map((run) => String(pick(run))).join(', ')
  return {
    issue: found.status,
    'recovery action': found.activeRecoveryAction === null ? null : 'open',
    'retry scheduled': found.scheduledRetry !== null && found.scheduledRetry !== undefined,
    'comments of the agent': comments.filter(({ authorAgentId }) => authorAgentId === agent).length,
    runs: all(({ status }) => status),
    'error codes': all(({ errorCode }) => errorCode),
    liveness: all(({ livenessState }) => livenessState),
    'session kept': all(({ sessionIdAfter }) => sessionIdAfter !== null),
    'tokens counted': all(({ usageJson }) => Number(usageJson?.['outputTokens'] ?? 0) > 0),
    'cost booked': all(({ usageJson }) => Number(usageJson?.['costUsd'] ?? 0) > 0),
    'stop reason': text(first?.resultJson ?? null, 'stopReason'),
    'error family': text(first?.resultJson ?? null, 'errorFamily'),
  }
}
