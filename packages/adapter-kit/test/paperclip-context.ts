import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'

/** What a run reported to Paperclip. */
export interface Told {
  log: { stream: 'stdout' | 'stderr'; chunk: string }[]
  meta: Parameters<NonNullable<AdapterExecutionContext['onMeta']>>[0][]
  progress: string[]
  order: string[]
}

/** A context as the real server passes it, with its shape taken from a recorded run, and the calls it received. */
export function paperclipContext(overrides: {
  runId?: string
  agentId?: string
  taskId?: string | null
  adapterType?: string
  config?: Record<string, unknown>
  context?: Record<string, unknown>
  runtime?: Partial<AdapterExecutionContext['runtime']>
  /** Null for a Paperclip that gives none. */
  signal?: AbortSignal | null
  authToken?: string
  runtimeMcp?: AdapterExecutionContext['runtimeMcp']
  onLog?: AdapterExecutionContext['onLog']
}): { ctx: AdapterExecutionContext; told: Told } {
  const told: Told = { log: [], meta: [], progress: [], order: [] }
  const taskId = overrides.taskId === undefined ? '7c9e6679-7425-40de-944b-e07fc1f90ae7' : overrides.taskId
  const agentId = overrides.agentId ?? '1b4e28ba-2fa1-11d2-883f-0016d3cca427'
  const ctx: AdapterExecutionContext = {
    runId: overrides.runId ?? '3fa85f64-5717-4562-b3fc-2c963f66afa6',
    agent: {
      id: agentId,
      companyId: '6fa459ea-ee8a-3ca4-894e-db77e160355e',
      name: 'Ada',
      adapterType: overrides.adapterType ?? 'claude_k8s',
      adapterConfig: {},
    },
    runtime: { sessionId: null, sessionParams: null, sessionDisplayId: null, taskKey: taskId, ...overrides.runtime },
    config: overrides.config ?? {},
    context: {
      ...(taskId === null ? {} : { taskId, issueId: taskId, taskKey: taskId }),
      wakeReason: 'issue_assigned',
      paperclipTaskMarkdown: '# Say hello\n\nPlease say hello.',
      ...overrides.context,
    },
    authToken: overrides.authToken ?? 'run-token-0123456789',
    onLog: async (stream, chunk) => {
      told.log.push({ stream, chunk })
      await overrides.onLog?.(stream, chunk)
    },
    onMeta: async (meta) => {
      told.meta.push(meta)
      told.order.push('meta')
    },
    onRuntimeProgress: (update) => void told.progress.push(update.message),
    onCancellationReady: async () => void told.order.push('ready'),
    onDispatch: () => void told.order.push('dispatch'),
    ...(overrides.signal === null ? {} : { signal: overrides.signal ?? new AbortController().signal }),
    ...(overrides.runtimeMcp ? { runtimeMcp: overrides.runtimeMcp } : {}),
  }
  return { ctx, told }
}
