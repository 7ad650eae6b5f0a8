import { runCodeTable } from '@agent-jobs/agent-run'
import { nameOfRunCode } from './outcome-codes.ts'

/** One row of the error table. */
export interface ErrorRow {
  means: string
  todo: string
}

/** The codes that the kit itself reports. */
const own: Readonly<Record<string, ErrorRow>> = {
  invalid_config: {
    means: 'A setting cannot be used; the message names each.',
    todo: "Correct it in the agent's settings.",
  },
  policy_denied: {
    means: "The operator's policy for agents bars a setting; the message names each and what is allowed.",
    todo: "Change the setting, or allow it in the server's policy (`AGENT_JOBS_POLICY` or `AGENT_JOBS_POLICY_FILE`).",
  },
  policy_invalid: {
    means: "The operator's policy for agents cannot be read, so no agent runs.",
    todo: "Correct `AGENT_JOBS_POLICY` or the file that `AGENT_JOBS_POLICY_FILE` names in the server's environment.",
  },
  invalid_identity: {
    means: 'An id of Paperclip cannot be part of a path.',
    todo: 'Report it: Paperclip makes ids that can.',
  },
  k8s_agent_id_invalid: { means: "The agent's id has nothing that a label may hold.", todo: 'Use another agent.' },
  k8s_isolation_key_invalid: { means: 'The run isolation cannot be used.', todo: 'Correct mode, key or roots.' },
  k8s_cluster_unknown: {
    means: 'No cluster: the server does not run in a pod and no kubeconfig is set.',
    todo: 'Set `kubeconfig`, or run the server as a pod.',
  },
  k8s_kubeconfig_invalid: { means: 'The kubeconfig cannot be read.', todo: 'Correct `kubeconfig`.' },
  k8s_kubeconfig_refused: {
    means:
      'The kubeconfig in the settings names a file, a program, a proxy or a skipped check, which only an operator may allow.',
    todo: 'Paste a kubeconfig that holds data only (`kubectl config view --raw --flatten --minify`, with a token), or set `kubeconfigTrust` in the policy of the operator.',
  },
  k8s_api_unreachable: {
    means: "The API server does not answer for the server's own pod.",
    todo: 'Look at the cluster; the run is tried again.',
  },
  k8s_forbidden: {
    means: "The server's own pod may not be read.",
    todo: 'Apply what `agent-jobs rbac` prints.',
  },
  k8s_self_pod_unusable: {
    means: "The server's own pod has no container to take image and environment from.",
    todo: 'Check HOSTNAME and PAPERCLIP_NAMESPACE of the server.',
  },
  k8s_image_unknown: { means: 'No image to inherit.', todo: 'Set `image`.' },
  k8s_concurrency_guard_unreachable: {
    means: 'It cannot be seen whether the agent is still at work, so nothing is started.',
    todo: 'Look at the API server and at the permission to list Jobs.',
  },
  k8s_concurrent_run_blocked: {
    means: 'Another run of the agent is at work.',
    todo: 'Wait, or set `waitForConcurrent`, or isolate the runs.',
  },
  k8s_orphan_task_unknown: {
    means: 'A Job of the agent is at work, and its task or this one is unknown.',
    todo: 'Wait until it ends, or delete it.',
  },
  k8s_orphan_session_mismatch: {
    means: 'A Job of this task is at work in another session.',
    todo: 'Wait until it ends, or delete it.',
  },
  k8s_job_create_failed: {
    means: 'The API server refused the Job or its Secret; nothing is left of it.',
    todo: "Read the API server's words in the message.",
  },
  k8s_claim_failed: {
    means: "The volume of the agent's own could not be made or seen.",
    todo: 'Check its storage class, and the permission to get and create claims.',
  },
  k8s_probe_failed: {
    means: "A short pod in the agents' image failed: no list of models, for instance.",
    todo: "Read the message; it has the pod's own words.",
  },
  k8s_run_detached: {
    means: 'This server no longer owns the run; its Job goes on.',
    todo: 'Nothing: the next run of the task adopts it.',
  },
  budget_exceeded: { means: "The agent's monthly budget is spent.", todo: 'Raise it.' },
  skill_bundle_failed: {
    means: 'Skills and instructions cannot be put on the data volume.',
    todo: 'Read the message: it names file and reason.',
  },
}

/** What to do about an error with the adapters, where it differs from the command line's advice. */
const advice: Readonly<Record<string, Partial<ErrorRow>>> = {
  quota_exhausted: { means: 'A usage limit is reached; `retryNotBefore` says until when.', todo: 'Wait.' },
  rate_limited: { todo: 'The run is retried.' },
  overloaded: { todo: 'The run is retried; consider a fallback model.' },
  upstream_error: { todo: 'The run is retried.' },
  empty_response: { todo: 'The run is retried.' },
  bad_request: {
    means: 'The model API refused the request. A session that it refuses before the model answers is cleared.',
  },
  context_overflow: {
    means: 'The conversation is longer than the model can read; the session is cleared.',
    todo: 'Nothing: the next run starts afresh.',
  },
  max_turns: { means: 'The limit of turns is reached; the session is cleared.' },
  session_unavailable: {
    means: 'The session is not there; it is cleared, the next run starts afresh.',
    todo: 'Nothing.',
  },
}

// Outcomes that are not errors, or that the agent's own output explains better.
const decidedByAgent = new Set(['succeeded', 'exited'])

/** Every error code of an adapter with this agent's own names and codes. */
export function errorTable(
  errorNames: Readonly<Record<string, string>> = {},
  ownErrors: Readonly<Record<string, ErrorRow>> = {},
): Record<string, ErrorRow> {
  const table: Record<string, ErrorRow> = { ...own }
  for (const [code, row] of Object.entries(runCodeTable.joined)) table[code] = row
  for (const [code, row] of Object.entries(runCodeTable.agent)) {
    table[errorNames[code] ?? code] = { ...row, ...advice[code] }
  }
  for (const [code, row] of Object.entries(runCodeTable.outcome)) {
    if (!decidedByAgent.has(code)) table[nameOfRunCode(code)] = row
  }
  for (const [code, { means, todo }] of Object.entries(ownErrors)) table[code] = { means, todo }
  return table
}

/** The error table of a README. */
export function errorsTable(
  errorNames: Readonly<Record<string, string>> = {},
  ownErrors: Readonly<Record<string, ErrorRow>> = {},
): string {
  const rows = Object.entries(errorTable(errorNames, ownErrors))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([code, { means, todo }]) => `| \`${code}\` | ${means} | ${todo} |`)
  return ['| errorCode | what happened | what to do |', '|---|---|---|', ...rows].join('\n')
}
