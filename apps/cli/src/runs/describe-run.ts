import { secretNameFor } from '@agent-jobs/k8s-job-runner'
import { isForbidden, isNotFound, kinds } from '@agent-jobs/kube-api'
import type { AgentSummary } from '@agent-jobs/agent-run'
import type { CoreV1Event } from '@kubernetes/client-node'
import type { OpenClient } from '../cluster/with-client.ts'
import { peekOutput } from './peek-output.ts'
import { rowOf, type PsRow } from './ps-row.ts'
import type { FoundRun } from './read-runs.ts'
import { timelineOf, type Moment } from './timeline.ts'
import { adviceFor } from './waiting-advice.ts'

/** Everything that is known about a run, as `--json` prints it. */
export interface RunDescription extends PsRow {
  readonly lock: { readonly secret: string; readonly state: 'held' | 'free' | 'not readable' }
  readonly waitsFor: string | null
  readonly timeline: readonly (Omit<Moment, 'at'> & { readonly at: string })[]
}

/** Reads everything that is known about a run: its Events, its lock, and the agent's own summary. */
export async function describeRun(
  cluster: OpenClient,
  run: FoundRun,
): Promise<{ description: RunDescription; summary: AgentSummary | null }> {
  const [events, summary, lock] = await Promise.all([
    eventsOf(cluster, run),
    peekOutput(cluster.client, run.view),
    lockOf(cluster, run),
  ])
  const timeline = timelineOf(run.job, run.pod, events)
  const description: RunDescription = {
    ...rowOf(run.view, summary),
    lock,
    waitsFor: adviceFor(run.view, events),
    timeline: timeline.map(({ at, what, level }) => ({ at: new Date(at).toISOString(), what, level })),
  }
  return { description, summary }
}

/** The Events about the Job and its pod. */
export async function eventsOf({ client, namespace }: OpenClient, { job, pod }: FoundRun): Promise<CoreV1Event[]> {
  const uids = [job.metadata?.uid, pod?.metadata?.uid].filter((uid) => uid !== undefined)
  try {
    const lists = await Promise.all(
      uids.map((uid) => client.list(kinds.Event, { namespace, fieldSelector: `involvedObject.uid=${uid}` })),
    )
    return lists.flatMap(({ items }) => items)
  } catch (cause) {
    // Users who may read runs may not always read Events; the objects show most of it.
    if (isForbidden(cause)) return []
    throw cause
  }
}

async function lockOf({ client, namespace }: OpenClient, { view }: FoundRun): Promise<RunDescription['lock']> {
  const name = secretNameFor(view.key)
  try {
    const { metadata } = await client.get(kinds.Secret, { name, namespace })
    const holder = metadata?.ownerReferences?.[0]?.name
    return { secret: name, state: holder === view.job ? 'held' : 'free' }
  } catch (cause) {
    if (isNotFound(cause)) return { secret: name, state: 'free' }
    if (isForbidden(cause)) return { secret: name, state: 'not readable' }
    throw cause
  }
}
