import type { OutcomeCode } from './outcome.ts'

/** What each outcome means and what to do about it. The README's table is generated from this. */
export const outcomeTable: Record<OutcomeCode, { means: string; todo: string }> = {
  succeeded: {
    means: 'The command ended with exit code 0, or had finished its work and was stopped because it lingered.',
    todo: 'Check its own result: exit code 0 says nothing about the quality of the work.',
  },
  exited: {
    means: 'The command exited with another exit code.',
    todo: 'Read its last lines.',
  },
  signalled: {
    means: 'A signal ended the command, and no Kubernetes status explains it.',
    todo: 'Look for something inside the pod, or on its node, that kills processes.',
  },
  oom_killed: {
    means: 'A process of the container was killed for memory.',
    todo: 'Raise `resources.limits.memory`, or make the command use less.',
  },
  evicted: {
    means: 'The pod was evicted: by a drain, by a taint, or by a kubelet short of disk or memory.',
    todo: 'Run it again; for a kubelet eviction, raise requests or limits of what `message` names.',
  },
  preempted: {
    means: 'The pod made room for another of higher priority, or its queue took the quota back.',
    todo: 'Run it again, or give it a higher `scheduling.priorityClassName`.',
  },
  node_lost: {
    means: 'The node stopped answering. Whether the command still runs there is not known.',
    todo: 'Run it again only when the node is back or known to be off.',
  },
  container_lost: {
    means:
      'The container ended for a reason outside the command: its node restarted, its runtime failed, or its launcher was killed.',
    todo: 'Run it again. If it happens repeatedly, look at the node and its container runtime.',
  },
  deadline_exceeded: {
    means: 'A time limit ended the run; `limit` says which.',
    todo: 'Raise the limit, or give the command less to do.',
  },
  output_limit_exceeded: {
    means: 'The command wrote more than `command.limits.maxOutputBytes`.',
    todo: 'Raise the limit, or make the command quieter.',
  },
  cancelled: {
    means: 'The run was cancelled through this package; `by` says by whom.',
    todo: 'Start it again if it is still needed.',
  },
  deleted_externally: {
    means: 'The pod or the Job was deleted, and not by this package.',
    todo: "Find who did it in the API server's audit log; `seen` says what, when and by which read.",
  },
  unschedulable: {
    means: 'No node had room for the pod within the grace period.',
    todo: "Read the scheduler's reason in `message`.",
  },
  image_error: {
    means: 'The image could not be pulled.',
    todo: 'Check name, tag, registry and `pullSecrets`.',
  },
  config_error: {
    means: 'The container could not be set up: a Secret, key, ConfigMap, claim or user that it needs is not right.',
    todo: 'Provide what `message` names.',
  },
  init_failed: { means: 'An init container or sidecar failed before the command.', todo: 'Read its log.' },
  admission_denied: {
    means: 'The cluster refuses to make the pod: a policy, a missing service account, a webhook.',
    todo: "Change what the API server's reason in `message` names.",
  },
  quota_exceeded: {
    means: 'A resource quota leaves no room for the pod.',
    todo: 'Free or raise the quota, or ask for less.',
  },
  start_failed: {
    means: 'The container or the command could not be started.',
    todo: 'Check `command.argv`, `command.cwd` and the image; it needs `node` on its PATH, and `/bin/sh` with `command.shell`.',
  },
  lost: {
    means: 'The run has ended, and its outcome cannot be determined; `known` says what was last seen.',
    todo: 'Check the journal, or what the command left behind.',
  },
  follow_failed: {
    means:
      'Following the run failed because of a bug in this package. The Job was left in place and may still be running.',
    todo: 'Report the message as a bug. Attach to the Job again to get its outcome.',
  },
}
