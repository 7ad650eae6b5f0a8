import type { Outcome, OutcomeCode } from '@agent-jobs/k8s-job-runner'

/** The adapters' names of what became of a Job. Known names stay; the rest are new. */
export const outcomeNames: Readonly<Record<OutcomeCode, string | null>> = {
  succeeded: null,
  // What the agent itself did is the parser's to say.
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

/** The error code of an outcome; null when only the agent's own output tells. */
export function outcomeCode(outcome: Outcome): string | null {
  return outcomeNames[outcome.code]
}

const neverBegan: ReadonlySet<OutcomeCode> = new Set<OutcomeCode>([
  'unschedulable',
  'image_error',
  'config_error',
  'init_failed',
  'admission_denied',
  'quota_exceeded',
  'start_failed',
])

/** True when the outcome itself says that the agent's process never began. */
export function neverStarted(outcome: Outcome): boolean {
  return neverBegan.has(outcome.code)
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

/** True when the same run may well succeed a little later, without anybody changing anything. */
export function mayPass(outcome: Outcome): boolean {
  return passing.has(outcome.code)
}
