/** The labels this package sets on Job, pod and Secret. Callers may not set labels under this prefix. */
export const reservedPrefix = 'agent-jobs.dev/'

/** Label keys. */
export const label = {
  /** On everything this package creates; the selector of its watches. */
  managed: 'agent-jobs.dev/managed',
  /** Hash of the key: all runs of one key. */
  keyHash: 'agent-jobs.dev/key-hash',
  /** Hash of the run id: exactly one run. */
  runHash: 'agent-jobs.dev/run-hash',
  /** The run id, made into a valid label value. */
  runId: 'agent-jobs.dev/run-id',
  managedBy: 'app.kubernetes.io/managed-by',
  queue: 'kueue.x-k8s.io/queue-name',
  queuePriority: 'kueue.x-k8s.io/priority-class',
} as const

/** Annotation keys. */
export const annotation = {
  /** The unchanged run id. */
  runId: 'agent-jobs.dev/run-id',
  /** The unchanged key. */
  key: 'agent-jobs.dev/key',
  /** On the Secret: the name of its Job. */
  job: 'agent-jobs.dev/job',
  /** On the Job: how to follow it, as JSON. */
  follow: 'agent-jobs.dev/follow',
  /** On the pod: its deadline was set only to end other containers after the command had ended. */
  commandEnded: 'agent-jobs.dev/command-ended',
  /** On the Job: who cancelled it. */
  cancelledBy: 'agent-jobs.dev/cancelled-by',
} as const

/** Selects everything this package created. */
export const managedSelector = `${label.managed}=true`
