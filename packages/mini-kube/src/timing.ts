/** How long the parts of the cluster take, in milliseconds. Ranges are drawn evenly. */
export interface Timing {
  /** From a Pod's creation to its binding. */
  scheduleMs: number
  /** From binding to a started container without any volume. */
  startMs: number
  /** More of it when the pod has any volume. */
  mountMs: number
  /** How often the kubelet looks at its containers; 0 means at once. */
  containerLookMs: number
  /** From "container terminated" to the pod's final phase. */
  teardownMs: number
  /** From a deleted pod's last status to its removal. */
  removeMs: number
  /** From a container's exit to the end of a follow stream. */
  logEndMs: number
  /** No container is killed sooner than this after SIGTERM, whatever the grace period says. */
  minimumGraceMs: number
  /** How long the Job controller gathers pod changes before it acts. */
  jobBatchMs: number
  /** How often a failed mount, a config error or an image pull is tried again. */
  mountRetryMs: number
  configRetryMs: number
  imageRetryMs: number
  /** First delay of CrashLoopBackOff and its cap. */
  restartBackoffMs: number
  restartBackoffCapMs: number
  /** First delay before a failed Job's next pod; doubles. */
  jobBackoffMs: number
  /** From "owner gone" to the delete of a dependent. */
  collectMs: number
  /** Between watch bookmarks. */
  bookmarkMs: number
  /** Between two signs of life of the node. */
  leaseMs: number
  /** From node lost to NotReady. */
  nodeGraceMs: number
  /** How long a lost node's pods are tolerated at most, whatever their `tolerationSeconds` say (300 unless given). */
  tolerationCapMs: number
  /** From a deleted Node to the end of its pods. */
  podCollectMs: number
}

/** For tests and demos: everything as soon as it can be. */
export const fastTiming: Timing = {
  scheduleMs: 0,
  startMs: 0,
  mountMs: 0,
  containerLookMs: 0,
  teardownMs: 0,
  removeMs: 0,
  logEndMs: 0,
  minimumGraceMs: 0,
  jobBatchMs: 0,
  mountRetryMs: 50,
  configRetryMs: 50,
  imageRetryMs: 100,
  restartBackoffMs: 50,
  restartBackoffCapMs: 1_000,
  jobBackoffMs: 50,
  collectMs: 5,
  bookmarkMs: 60_000,
  leaseMs: 10_000,
  nodeGraceMs: 50,
  tolerationCapMs: 50,
  podCollectMs: 50,
}

/** What was measured on Kubernetes 1.36.3 with containerd on two cores (p50; the recordings are among the fixtures). */
export const realTiming: Timing = {
  scheduleMs: 6,
  startMs: 190,
  mountMs: 290,
  containerLookMs: 1_000,
  teardownMs: 1_070,
  removeMs: 470,
  logEndMs: 1_005,
  minimumGraceMs: 2_000,
  jobBatchMs: 1_000,
  mountRetryMs: 1_100,
  configRetryMs: 13_000,
  imageRetryMs: 13_000,
  restartBackoffMs: 10_000,
  restartBackoffCapMs: 300_000,
  jobBackoffMs: 10_000,
  collectMs: 57,
  bookmarkMs: 60_500,
  leaseMs: 10_000,
  nodeGraceMs: 25_000,
  tolerationCapMs: Number.POSITIVE_INFINITY,
  podCollectMs: 52_000,
}
