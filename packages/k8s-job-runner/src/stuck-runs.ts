import { parseFollowSettings } from './follow-settings.ts'
import { instant, type Job, type Pod } from './kubernetes.ts'
import { annotation, label } from './labels.ts'
import { commandContainer, hasNothingRunning, hasStarted, isJobFinished, isPodTerminal } from './read-pod.ts'

/** A run that no longer does anything but does not end on its own. */
export type StuckRun =
  /** No node, no image, no permission: its command has not started long after its start budget. */
  | { readonly kind: 'never_started'; readonly job: Job; readonly pods: readonly Pod[]; readonly reason: string }
  /** Its command has ended, but containers added by others keep its pod alive. */
  | { readonly kind: 'sidecars_stay'; readonly job: Job; readonly pod: Pod; readonly reason: string }

/** Beyond the start budget: another process may be about to give up on the run itself. */
const slackMs = 300_000

function seconds(ms: number): string {
  return `${Math.round(ms / 1000)} s`
}

function judge(job: Job, pods: readonly Pod[], now: number): StuckRun | undefined {
  const { creationTimestamp, deletionTimestamp, annotations = {} } = job.metadata ?? {}
  if (isJobFinished(job) || deletionTimestamp !== undefined || job.spec?.suspend === true) return undefined
  const settings = parseFollowSettings(annotations[annotation.follow])
  const created = instant(creationTimestamp)
  if (settings === null || created === undefined) return undefined
  const [pod, ...others] = pods.filter((each) => !isPodTerminal(each))
  if (pod !== undefined && others.length === 0 && hasNothingRunning(pod)) {
    const reason = 'its command has ended, and other containers keep its pod alive'
    return { kind: 'sidecars_stay', job, pod, reason }
  }
  if (pods.some((each) => hasStarted(each, commandContainer(each, settings.container)))) return undefined
  const age = now - created
  if (!(age >= settings.budgetMs + slackMs)) return undefined
  const reason = `its command has not started in ${seconds(age)}; its start budget is ${seconds(settings.budgetMs)}`
  return { kind: 'never_started', job, pods, reason }
}

/** Finds stuck runs. Pure; `now` is in milliseconds since the epoch. */
export function findStuckRuns(jobs: readonly Job[], pods: readonly Pod[], now: number): StuckRun[] {
  const hashOf = ({ metadata }: Job | Pod): string | undefined => metadata?.labels?.[label.runHash]
  return jobs.flatMap((job) => {
    const hash = hashOf(job)
    if (hash === undefined) return []
    return (
      judge(
        job,
        pods.filter((pod) => hashOf(pod) === hash),
        now,
      ) ?? []
    )
  })
}
