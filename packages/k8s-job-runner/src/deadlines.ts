import type { RunRequest } from './run-request.ts'

const day = 86_400
const defaultBudgetSeconds = 600
const defaultGraceSeconds = 30
/** Slack for what happens after the command: the launcher's last frames, sidecars, a slow kubelet. */
const slackSeconds = 60

/**
 * The pod's deadline, in seconds from when its node accepts it, image pull included. A run without a limit of
 * its own ends after a day, so that nothing stays forever when no process follows it.
 */
export function podDeadlineSeconds({ deadlineSeconds, command, start, ...request }: RunRequest): number {
  if (deadlineSeconds !== undefined) return deadlineSeconds
  const totalMs = command?.limits?.totalMs
  if (totalMs === undefined) return day
  const grace = request.terminationGracePeriodSeconds ?? defaultGraceSeconds
  return (start?.budgetSeconds ?? defaultBudgetSeconds) + Math.ceil(totalMs / 1000) + grace + slackSeconds
}

/**
 * The Job's deadline, in seconds from its admission. It ends a run that never reaches a node, which the pod's own
 * deadline cannot. It is later than the pod's, because it deletes the pod together with its log.
 */
export function jobDeadlineSeconds(request: RunRequest): number {
  const budget = request.start?.budgetSeconds ?? defaultBudgetSeconds
  const grace = request.terminationGracePeriodSeconds ?? defaultGraceSeconds
  return budget + podDeadlineSeconds(request) + grace + slackSeconds
}
