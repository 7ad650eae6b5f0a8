import type { Outcome, OutcomeCode } from '@agent-jobs/k8s-job-runner'

/** The adapters' names for what happened to a Job, as their users know them; null where the agent's own output decides. */
const outcomeNames: Readonly<Record<OutcomeCode, string | null>> = {
  succeeded: null,
  exited: null,
  signalled: 'signalled',
  oom_killed: 'oom_killed',
  evicted: 'pod_evicted',
  preempted: 'pod_preempted',
  node_lost: 'node_lost',
  container_lost: 'k8s_container_lost',
  deadline_exceeded: 'timeout',
  output_limit_exceeded: 'output_limit_exceeded',
  cancelled: 'cancelled',
  deleted_externally: 'k8s_job_deleted_externally',
  unschedulable: 'unschedulable',
  image_error: 'image_pull_failed',
  config_error: 'k8s_pod_config_error',
  init_failed: 'k8s_init_failed',
  admission_denied: 'k8s_admission_denied',
  quota_exceeded: 'k8s_quota_exceeded',
  start_failed: 'k8s_pod_start_failed',
  lost: 'k8s_run_lost',
  follow_failed: 'k8s_follow_failed',
}

/** The name under which users of the adapters know a code that describes what happened to a run's Job. */
export function nameOfRunCode(code: string): string {
  const names: Readonly<Record<string, string | null>> = outcomeNames
  return (Object.hasOwn(names, code) ? names[code] : null) ?? code
}

const passing: ReadonlySet<OutcomeCode> = new Set<OutcomeCode>([
  'evicted',
  'preempted',
  'node_lost',
  'container_lost',
  'unschedulable',
  'quota_exceeded',
  'deleted_externally',
])

/** Whether the same run may succeed shortly afterwards without any change. */
export function mayPass(outcome: Outcome): boolean {
  return passing.has(outcome.code)
}
