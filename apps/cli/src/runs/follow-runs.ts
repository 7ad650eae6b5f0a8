import { kinds, type KubeClient, type ListWatchEvent } from '@agent-jobs/kube-api'
import type { V1Job, V1Pod } from '@kubernetes/client-node'
import { joinRuns, managed, type FoundRun, type RunSelection } from './read-runs.ts'

// A start changes Job and pod five times within a second; only the last change is shown.
const pauseMs = 200

/** Reports all runs at first and after each change, until the signal is aborted: two watches for any number of runs. */
export async function followRuns(
  client: KubeClient,
  { namespace, selector, signal }: RunSelection & { readonly signal: AbortSignal },
  onRuns: (runs: FoundRun[]) => void,
): Promise<void> {
  const jobs = new Map<string, V1Job>()
  const pods = new Map<string, V1Pod>()
  const synced = new Set<unknown>()
  let timer: NodeJS.Timeout | undefined
  const labelSelector = selector === undefined ? managed : `${managed},${selector}`
  const show = (): void => {
    timer = undefined
    onRuns(joinRuns([...jobs.values()], [...pods.values()], Date.now()))
  }
  const follow = async <T extends V1Job | V1Pod>(
    events: AsyncIterable<ListWatchEvent<T>>,
    known: Map<string, T>,
  ): Promise<void> => {
    for await (const event of events) {
      if (event.type === 'synced') synced.add(known)
      else if (event.type === 'deleted') known.delete(event.object.metadata?.uid ?? '')
      else known.set(event.object.metadata?.uid ?? '', event.object)
      if (synced.size === 2) timer ??= setTimeout(show, pauseMs)
    }
  }
  try {
    await Promise.all([
      follow(client.listWatch(kinds.Job, { namespace, signal, labelSelector }), jobs),
      follow(client.listWatch(kinds.Pod, { namespace, signal, labelSelector: managed }), pods),
    ])
  } finally {
    clearTimeout(timer)
  }
}
