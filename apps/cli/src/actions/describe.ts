import { secretNameFor } from '@agent-jobs/k8s-job-runner'
import { isForbidden, isNotFound, kinds } from '@agent-jobs/kube-api'
import type { CoreV1Event } from '@kubernetes/client-node'
import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { withClient, type OpenClient } from '../cluster/with-client.ts'
import { outcomeRows, seconds } from '../output/outcome-block.ts'
import { jsonLine, plain } from '../output/safe-text.ts'
import { createStyle, type Style } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'
import { age } from '../output/text-table.ts'
import { findRun } from '../runs/find-run.ts'
import { peekOutput } from '../runs/peek-output.ts'
import { rowOf, type PsRow } from '../runs/ps-row.ts'
import type { FoundRun } from '../runs/read-runs.ts'
import { timelineOf, type Moment } from '../runs/timeline.ts'
import { adviceFor } from '../runs/waiting-advice.ts'

/** Everything that is known about a run, as `--json` prints it. */
interface Description extends PsRow {
  readonly lock: { readonly secret: string; readonly state: 'held' | 'free' | 'not readable' }
  readonly waitsFor: string | null
  readonly timeline: readonly (Omit<Moment, 'at'> & { readonly at: string })[]
}

/** Shows everything that is known about one run. */
export async function describe(
  job: string | undefined,
  { json, ...options }: ClusterOptions & { json?: boolean },
  terminal: Terminal,
): Promise<void> {
  await withClient(options, terminal, async (cluster) => {
    const run = await findRun(cluster, job)
    const [events, summary, lock] = await Promise.all([
      eventsOf(cluster, run),
      peekOutput(cluster.client, run.view),
      lockOf(cluster, run),
    ])
    const timeline = timelineOf(run.job, run.pod, events)
    const description: Description = {
      ...rowOf(run.view, summary),
      lock,
      waitsFor: adviceFor(run.view, events),
      timeline: timeline.map(({ at, ...moment }) => ({ at: new Date(at).toISOString(), ...moment })),
    }
    if (json) return terminal.out(jsonLine(description))
    const style = createStyle(terminal.colours.out)
    const numbers = {
      ...rowOf(run.view, summary),
      usage: summary?.usage ?? null,
      sessionId: summary?.sessionId ?? null,
    }
    const lines = [
      ...headLines(description, style),
      ...outcomeRows({ ...numbers, durationMs: run.view.durationMs }, style),
      '',
      style.bold('timeline'),
      ...momentLines(timeline, style),
    ]
    for (const line of lines) terminal.out(`${line}\n`)
  })
}

async function eventsOf({ client, namespace }: OpenClient, { job, pod }: FoundRun): Promise<CoreV1Event[]> {
  const uids = [job.metadata?.uid, pod?.metadata?.uid].filter((uid) => uid !== undefined)
  try {
    const lists = await Promise.all(
      uids.map((uid) => client.list(kinds.Event, { namespace, fieldSelector: `involvedObject.uid=${uid}` })),
    )
    return lists.flatMap(({ items }) => items)
  } catch (cause) {
    // Who may look at runs may not always look at Events; the objects tell most of it.
    if (isForbidden(cause)) return []
    throw cause
  }
}

async function lockOf({ client, namespace }: OpenClient, { view }: FoundRun): Promise<Description['lock']> {
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

function headLines(description: Description, style: Style): string[] {
  const { job, namespace, state, reason, agent, pod, node, image, key, runId, exitCode, cancelledBy, lock } =
    description
  const row = (name: string, value: string | null): string[] =>
    value === null ? [] : [`  ${style.dim(name.padEnd(9))} ${plain(value)}`]
  return [
    `${style.bold(job)} ${state}${reason === null ? '' : ` (${plain(reason)})`}`,
    ...(description.waitsFor === null ? [] : [`  ${style.yellow('!')} ${plain(description.waitsFor)}`]),
    ...row('cancelled', cancelledBy === null ? null : `by ${cancelledBy}`),
    ...row('exit', exitCode === null ? null : String(exitCode)),
    ...row('agent', agent),
    ...row('image', image),
    ...row('namespace', namespace),
    ...row('pod', pod),
    ...row('node', node),
    ...row('key', `${key} (lock ${lock.secret}: ${lock.state})`),
    ...row('run', runId),
  ]
}

function momentLines(timeline: readonly Moment[], style: Style): string[] {
  const first = timeline[0]?.at ?? 0
  return timeline.map(({ at, what, level }) => {
    const text = plain(what).replaceAll(/\s+/g, ' ')
    const since = at - first < 60_000 ? seconds(at - first) : age(at - first)
    return `  ${style.dim(new Date(at).toISOString())} ${style.dim(`+${since}`.padEnd(8))} ${level === 'warning' ? style.yellow(text) : text}`
  })
}
