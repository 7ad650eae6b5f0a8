import { Counter, Gauge, type Registry } from 'prom-client'
import { createLabelLimit } from './bounded-labels.ts'

/** One request to the Kubernetes API. */
export interface ObservedRequest {
  readonly method: string
  /** Path, with or without a query. */
  readonly path: string
  /** HTTP status, or 0 without an answer. */
  readonly status: number
}

/** Receives what happens in the process besides its runs. */
export interface ProcessObserver {
  /** A request to the Kubernetes API has been answered, or failed. */
  requested(request: ObservedRequest): void
  /** A watch broke and is opened again; `watch` begins with the plural of its kind, such as `pods in agents`. */
  watchRestarted(watch: string): void
}

/** Options of the metrics of a process. */
export interface ProcessMetricsOptions {
  readonly registry: Registry
  /** How many bytes of output wait on disk for a slow reader. */
  readonly spoolBytes: () => number
}

const maxResources = 50

/** Counts requests and broken watches of this process, and shows the size of its spool. The counters begin with the process. */
export function createProcessMetrics({ registry, spoolBytes }: ProcessMetricsOptions): ProcessObserver {
  const registers = [registry]
  const limit = createLabelLimit(maxResources)
  const requests = new Counter({
    name: 'agent_jobs_api_requests_total',
    help: 'Requests to the Kubernetes API, by method, resource and HTTP status; `none` means no answer.',
    labelNames: ['method', 'resource', 'status'],
    registers,
  })
  const restarts = new Counter({
    name: 'agent_jobs_watch_restarts_total',
    help: 'Watches that broke and were opened again, by resource.',
    labelNames: ['resource'],
    registers,
  })
  const spool = new Gauge({
    name: 'agent_jobs_spool_bytes',
    help: 'Output of runs that waits on disk because Paperclip reads it more slowly than agents print it.',
    registers: [],
    collect() {
      this.set(spoolBytes())
    },
  })
  registry.registerMetric(spool)
  return {
    requested({ method, path, status }) {
      const labels = { method, resource: limit(resourceOf(path)), status: status === 0 ? 'none' : String(status) }
      requests.inc(labels)
    },
    watchRestarted: (watch) => restarts.inc({ resource: limit(/^[a-z]{1,60}/.exec(watch)?.[0] ?? 'other') }),
  }
}

const resourcePath =
  /^(?:\/api\/v1|\/apis\/[^/]+\/[^/]+)(?:\/namespaces\/[^/]+(?=\/))?\/([a-z]{1,60})(?:\/[^/]+(?:\/([a-z]{1,60}))?)?$/

/** The resource that a path of the Kubernetes API names, such as `pods` or `pods/log`; `other` for any other path. */
export function resourceOf(path: string): string {
  const [, resource, subresource] = resourcePath.exec(path.split('?')[0] ?? '') ?? []
  if (resource === undefined) return 'other'
  return subresource === undefined ? resource : `${resource}/${subresource}`
}
