import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import type { AdapterDependencies } from '../adapter-dependencies.ts'

const timeoutMs = 10_000

/**
 * Reads something of Paperclip's API with the run's own token; null when it does not answer, refuses, or cannot be reached
 * from this process. For what a run can do without.
 */
export async function askPaperclip(
  deps: Pick<AdapterDependencies, 'env' | 'fetch'>,
  { authToken }: Pick<AdapterExecutionContext, 'authToken'>,
  { path, signal }: { path: string; signal: AbortSignal },
): Promise<unknown> {
  const url = deps.env['PAPERCLIP_RUNTIME_API_URL'] ?? deps.env['PAPERCLIP_API_URL'] ?? null
  if (url === null || !authToken) return null
  try {
    const response = await deps.fetch(`${url}${path}`, {
      headers: { authorization: `Bearer ${authToken}` },
      signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
    })
    return response.ok ? ((await response.json()) as unknown) : null
  } catch (error) {
    signal.throwIfAborted()
    if (error instanceof TypeError || error instanceof DOMException || error instanceof SyntaxError) return null
    throw error
  }
}
