import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import { askPaperclip } from '../paperclip-api/ask-paperclip.ts'
import { isRecord } from '../settings/loose-text.ts'

/**
 * True when the agent of an adopted Job has already commented on its task, as the run that started it. Paperclip posts a
 * run's summary when that run made no comment, and does not know that the two runs are one
 * (docs/paperclip-facts.md#comments).
 */
export async function spokenBefore(
  deps: Pick<AdapterDependencies, 'env' | 'fetch'>,
  ctx: Pick<AdapterExecutionContext, 'authToken'>,
  { taskId, runId, signal }: { taskId: string | null; runId: string; signal: AbortSignal },
): Promise<boolean> {
  if (taskId === null) return false
  const path = `/api/issues/${encodeURIComponent(taskId)}/comments`
  const comments = await askPaperclip(deps, ctx, { path, signal })
  return Array.isArray(comments) && comments.some((each) => isRecord(each) && each['createdByRunId'] === runId)
}
