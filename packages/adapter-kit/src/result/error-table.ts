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
    means: 'One or more settings are invalid; the message names each.',
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
  ai_connection_unsupported: {
    means: 'The AI connection of the agent is a subscription whose login is a file on the Paperclip server.',
    todo: 'Connect an API key in Paperclip, or remove the AI connection and log the agent in on the data volume.',
  },
  invalid_identity: {
    means: 'An id of Paperclip cannot be part of a path.',
    todo: "Report it as a bug: Paperclip's own ids are valid.",
  },
  k8s_agent_id_invalid: {
    means: "The agent's id has no character that is allowed in a label.",
    todo: 'Use another agent.',
  },
  k8s_isolation_key_invalid: {
    means: 'The settings for run isolation are invalid.',
    todo: 'Correct `mode`, `key` or the roots in `k8sRunIsolation`.',
  },
  k8s_cluster_unknown: {
    means: 'No cluster is configured: the server does not run in a pod, and no kubeconfig is set.',
    todo: 'Set `kubeconfig`, or run the server as a pod.',
  },
  k8s_kubeconfig_invalid: { means: 'The kubeconfig cannot be read.', todo: 'Correct `kubeconfig`.' },
  k8s_kubeconfig_refused: {
    means:
      'The kubeconfig in the settings names a file, a program, a proxy or a skipped check, which only an operator may allow.',
    todo: 'Paste a kubeconfig that holds data only (`kubectl config view --raw --flatten --minify`, with a token), or set `kubeconfigTrust` in the policy of the operator.',
  },
  k8s_api_unreachable: {
    means: "The API server did not answer when the adapter read the server's own pod.",
    todo: 'Check the API server; the run is retried.',
  },
  k8s_forbidden: {
    means: 'The server is not allowed to read its own pod.',
    todo: 'Apply what `agent-jobs rbac` prints.',
  },
  k8s_self_pod_unusable: {
    means: "The server's own pod has no container to take image and environment from.",
    todo: "Check `HOSTNAME` and `PAPERCLIP_NAMESPACE` in the server's environment.",
  },
  k8s_image_unknown: { means: "No image is set, and the server's pod has none to inherit.", todo: 'Set `image`.' },
  k8s_concurrency_guard_unreachable: {
    means: 'The adapter could not check whether the agent is still running, so it started nothing.',
    todo: 'Check the API server and the permission to list Jobs.',
  },
  k8s_concurrent_run_blocked: {
    means: 'Another run of the agent is in progress.',
    todo: 'Wait, set `waitForConcurrent`, or isolate the runs with `k8sRunIsolation`.',
  },
  k8s_orphan_task_unknown: {
    means: 'A Job of the agent is running, and its task or the task of this run is unknown.',
    todo: 'Wait until it ends, or delete it.',
  },
  k8s_orphan_session_mismatch: {
    means: 'A Job of this task is running in another session.',
    todo: 'Wait until it ends, or delete it.',
  },
  k8s_job_create_failed: {
    means: 'The API server refused the Job or its Secret; nothing is left of it.',
    todo: "Read the API server's reason in the message.",
  },
  k8s_claim_failed: {
    means: "The agent's own volume claim could not be created or read.",
    todo: 'Check its storage class, and the permission to get and create claims.',
  },
  k8s_probe_failed: {
    means: "A short-lived pod that asks the agents' image failed, for example to list models.",
    todo: "Read the message; it contains the pod's output.",
  },
  k8s_run_detached: {
    means: 'This server no longer owns the run; its Job goes on.',
    todo: 'Nothing to do: the next run of the task adopts it.',
  },
  budget_exceeded: { means: "The agent's monthly budget is spent.", todo: "Raise the agent's budget in Paperclip." },
  skill_bundle_failed: {
    means: 'Skills and instructions could not be written to the data volume.',
    todo: 'Read the message; it names the file and the reason.',
  },
}

/** What to do about an error with the adapters, where it differs from the command line's advice. */
const advice: Readonly<Record<string, Partial<ErrorRow>>> = {
  quota_exhausted: {
    means: 'A usage limit is reached; `retryNotBefore` says until when.',
    todo: 'Wait: Paperclip retries the run then.',
  },
  rate_limited: { todo: 'The run is retried.' },
  overloaded: { todo: 'The run is retried; consider a fallback model.' },
  upstream_error: { todo: 'The run is retried.' },
  empty_response: { todo: 'The run is retried.' },
  bad_request: {
    means: 'The model API refused the request. A session that it refuses before the model answers is cleared.',
  },
  context_overflow: {
    means: 'The conversation is longer than the model can read; the session is cleared.',
    todo: 'Nothing to do: the next run starts a new session.',
  },
  max_turns: { means: 'The limit of turns is reached; the session is cleared.' },
  session_unavailable: {
    means: 'The session does not exist any more; it is cleared, and the next run starts a new one.',
    todo: 'Nothing to do.',
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
