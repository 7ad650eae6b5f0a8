import type { LogResponse, LogSource } from './log-source.ts'

/** The required part of a Kubernetes client: `@agent-jobs/kube-api` has it, any other can. */
export interface LogClient {
  openLog(o: {
    namespace: string
    pod: string
    container?: string
    follow?: boolean
    timestamps?: boolean
    sinceTime?: string
    tailLines?: number
    signal?: AbortSignal
  }): Promise<LogResponse>
}

/**
 * A container's log, read through the Kubernetes API.
 *
 * @example
 * const source = kubeLogSource(createKubeClient({ kubeConfig }), { namespace: 'default', pod: 'hello', container: 'main' })
 */
export function kubeLogSource(client: LogClient, o: { namespace: string; pod: string; container?: string }): LogSource {
  return {
    open: (request) => client.openLog({ ...o, ...request, timestamps: true }),
  }
}
