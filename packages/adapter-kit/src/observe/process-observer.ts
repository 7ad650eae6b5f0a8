import { join } from 'node:path'
import type { ProcessObserver, RunObserver } from '@agent-jobs/metrics'
import { errorMessage } from '@agent-jobs/primitives'
import { resolvePaperclipInstanceRootForAdapter } from '@paperclipai/adapter-utils/server-utils'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import { processSpool } from '../cluster/process-spool.ts'

type Observer = RunObserver & ProcessObserver

const portVariable = 'AGENT_JOBS_METRICS_PORT'
const unobserved = Promise.resolve()

/** Ignores everything. */
export const silentObserver: Observer = {
  requested: () => undefined,
  watchRestarted: () => undefined,
  begin: () => ({
    waiting: () => undefined,
    gap: () => undefined,
    ended: () => unobserved,
    cleanedUp: () => undefined,
    left: () => undefined,
  }),
}

// The number changes with the shape of RunObserver, since every adapter of the process brings its own copy of this code.
const key = Symbol.for('agent-jobs.metrics.2')

/**
 * Counts the runs of every adapter of this process and serves them at `/metrics`, where the operator sets
 * `AGENT_JOBS_METRICS_PORT`. Failing metrics are reported as warnings and never fail a run.
 */
export function processObserver(deps: Pick<AdapterDependencies, 'env' | 'onWarning'>): Observer {
  const port = readPort(deps)
  if (port === null) return silentObserver
  const known: Observer | undefined = Reflect.get(globalThis, key)
  if (known !== undefined) return known
  const observer = startObserver(port, deps)
  Reflect.set(globalThis, key, observer)
  return observer
}

function readPort({ env, onWarning }: Pick<AdapterDependencies, 'env' | 'onWarning'>): number | null {
  const text = env[portVariable]?.trim()
  if (!text) return null
  const port = Number(text)
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port
  onWarning(`${portVariable} is ${JSON.stringify(text)}, not a port. No metrics are served.`, {
    code: 'metrics_port_invalid',
  })
  return null
}

/** Runs may begin before the totals of an earlier process are read; they are handed over then. */
function startObserver(port: number, { env, onWarning }: Pick<AdapterDependencies, 'env' | 'onWarning'>): Observer {
  const root = resolvePaperclipInstanceRootForAdapter({ env: env as NodeJS.ProcessEnv })
  const { budget } = processSpool({ env, onWarning })
  const serve = async (): Promise<Observer> => {
    try {
      const { serveMetrics } = await import('./serve-metrics.ts')
      return await serveMetrics({
        port,
        file: join(root, 'data', 'agent-jobs-metrics', 'totals.json'),
        spoolBytes: () => budget?.usedBytes ?? 0,
        onError: (error) =>
          onWarning(`Metrics could not be written down: ${errorMessage(error)}`, { code: 'metrics_not_saved' }),
      })
    } catch (error) {
      // Reported once; each run is then without metrics.
      onWarning(`No metrics are served: ${errorMessage(error)}`, { code: 'metrics_not_served' })
      return silentObserver
    }
  }
  const usable = serve()
  return {
    requested: (request) => void usable.then((metrics) => metrics.requested(request)),
    watchRestarted: (watch) => void usable.then((metrics) => metrics.watchRestarted(watch)),
    begin(run) {
      const observation = usable.then((metrics) => metrics.begin(run))
      return {
        waiting: (isWaiting) => void observation.then((observed) => observed.waiting(isWaiting)),
        gap: (reason) => void observation.then((observed) => observed.gap(reason)),
        left: () => void observation.then((observed) => observed.left()),
        ended: async (end) => (await observation).ended(end),
        cleanedUp: (ms) => void observation.then((observed) => observed.cleanedUp(ms)),
      }
    },
  }
}
