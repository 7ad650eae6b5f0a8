import { systemErrorCode, type AbortScope, type Clock } from '@agent-jobs/primitives'
import { withDeadline } from './deadline.ts'
import { KubeError } from './kube-error.ts'
import { networkError } from './network-error.ts'
import type { RequestReport, WireRequest } from './wire.ts'

/** Runs single exchanges with one server. */
export interface Exchange {
  /** Runs one within its scope and deadline, reports it, and turns failures into errors. */
  run<T>(request: WireRequest, scope: AbortScope, work: (seen: (status: number) => void) => Promise<T>): Promise<T>
  /** The error to throw when a request or its body failed. */
  explain(request: WireRequest, scope: AbortScope, cause: unknown): unknown
}

/** Creates exchanges with the server of an origin. */
export function createExchange(
  origin: string,
  { clock, onRequest }: { clock: Clock; onRequest?: ((report: RequestReport) => void) | undefined },
): Exchange {
  function timeoutError(request: WireRequest): KubeError {
    return new KubeError({
      code: 'timeout',
      message: `${request.method} ${request.path}: ${origin} did not answer within ${request.timeoutMs} ms.`,
      retryable: true,
      maybeApplied: request.method !== 'GET',
      object: request.object,
    })
  }

  function explain(request: WireRequest, scope: AbortScope, cause: unknown): unknown {
    if (KubeError.isInstance(cause)) return cause
    if (request.signal?.aborted) return request.signal.reason
    if (scope.signal.aborted) return scope.signal.reason
    // Network errors have codes; anything else is a bug, and not the server's.
    if (systemErrorCode(cause) === undefined) return cause
    return networkError(request, origin, cause)
  }

  return {
    explain,
    async run(request, scope, work) {
      const { method, path, timeoutMs: ms } = request
      const startedAt = clock.now()
      let status = 0
      try {
        scope.signal.throwIfAborted()
        return await withDeadline({ clock, ms, reason: () => timeoutError(request), scope }, () =>
          work((value) => {
            status = value
          }),
        )
      } catch (cause) {
        throw explain(request, scope, cause)
      } finally {
        onRequest?.({ method, path, status, durationMs: clock.now() - startedAt })
      }
    },
  }
}
