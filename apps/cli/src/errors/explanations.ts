import type { runCodeTable } from '@agent-jobs/agent-run'
import type { OutcomeCode, RunErrorCode } from '@agent-jobs/k8s-job-runner'
import type { KubeErrorCode } from '@agent-jobs/kube-api'
import type { CliErrorCode } from './cli-error.ts'

/** Codes that rest on the agent's own output. */
type AgentErrorCode = keyof typeof runCodeTable.agent | keyof typeof runCodeTable.joined

/** Every code that the command line may show. */
export type ErrorCode = CliErrorCode | OutcomeCode | RunErrorCode | AgentErrorCode | KubeErrorCode

/** A code as the command line explains it: what it means and what to do, with commands where they help. */
export interface Explanation {
  readonly means: string
  readonly remedy: string
}

const commandLine = {
  usage: {
    means: 'The arguments do not fit together, or one of them is invalid. Nothing was created.',
    remedy: 'Correct what the message names; `agent-jobs COMMAND --help` lists the options.',
  },
  file_unreadable: {
    means: 'A file that the command line names cannot be read or written.',
    remedy: 'Check its path and permissions.',
  },
  kubeconfig_unusable: {
    means: 'No cluster is configured: there is no kubeconfig, no such context, or no cluster in it.',
    remedy: 'Pass `--kubeconfig FILE`, set `KUBECONFIG`, or try `agent-jobs demo`, which brings its own cluster.',
  },
  agent_not_installed: {
    means: 'The agent is not on this machine, and it could not be fetched from npm.',
    remedy:
      'Install it with its install script allowed: `npm install --global @anthropic-ai/claude-code` or `opencode-ai`.',
  },
  not_mini_kube: {
    means: '`agent-jobs faults` was pointed at a cluster that is not a mini-kube.',
    remedy: 'Start one with `agent-jobs mini-kube` and pass the kubeconfig that it prints with `--kubeconfig`.',
  },
  port_taken: {
    means: 'Another process uses the port, or this user may not open it.',
    remedy: 'Pass another `--port`, or none for a free one.',
  },
  no_namespace: {
    means: 'The namespace does not exist, or it is being deleted.',
    remedy: 'Create it with `kubectl create namespace NAME`, or pass another `--namespace` or `--context`.',
  },
  unauthorized: {
    means: 'The API server does not accept your credentials: the token or certificate is invalid or expired.',
    remedy: 'Log in to the cluster again; `kubectl auth whoami` shows who you are. Or pass another `--context`.',
  },
  no_runs: {
    means: 'No run matches.',
    remedy: 'List the runs with `agent-jobs ps`, or those of all namespaces with `agent-jobs ps -A`.',
  },
  job_not_found: {
    means: 'The Job does not exist in the namespace. It may have been removed after its time to live.',
    remedy: 'List the runs with `agent-jobs ps`, or those of all namespaces with `agent-jobs ps -A`.',
  },
  not_a_recording: {
    means: 'The file holds no output of the agent: not one line of it is an event.',
    remedy: 'Check the agent and the file: `agent-jobs parse claude FILE` or `agent-jobs parse opencode FILE`.',
  },
  not_running: {
    means: 'The command needs a pod that is running, and the pod of this run is not.',
    remedy: 'See the state of the run with `agent-jobs describe JOB`.',
  },
  image_lacks: {
    means: 'The image lacks a program that the run needs: node, a shell, git, or the agent itself.',
    remedy: 'Use the default image, or check yours with `agent-jobs doctor --image IMAGE`.',
  },
  copy_failed: {
    means: 'Files could not be copied into or out of the run.',
    remedy: 'Read the message: it names the path. Large workspaces go through `--git` or a volume with `--pvc`.',
  },
  no_metrics: {
    means: 'Nothing in the cluster tells you what pods use.',
    remedy: 'Install metrics-server, or have yourself allowed `get` on `nodes/proxy`.',
  },
  command_failed: {
    means: 'A program that this command starts ended with an error.',
    remedy: 'Read its message.',
  },
} as const satisfies Record<CliErrorCode, Explanation>

/** The codes of {@link CliError}. */
export const ownErrorCodes = Object.keys(commandLine)

const outcomes = {
  succeeded: { means: 'The agent finished and reported success.', remedy: 'Nothing to do.' },
  exited: {
    means: "The agent's process ended with an exit code other than 0.",
    remedy: 'Read its last lines with `agent-jobs logs JOB --tail 50`.',
  },
  signalled: {
    means: 'A signal ended the agent, and Kubernetes reports no cause.',
    remedy: 'Look for a program inside the pod, or on its node, that ends processes.',
  },
  oom_killed: {
    means: 'The agent, or a program it started, used more memory than the pod may have.',
    remedy: 'Run it again with more: `agent-jobs run --memory 4Gi …`.',
  },
  evicted: {
    means: 'The cluster moved the pod away: a node was drained or ran short of memory or disk.',
    remedy: 'Run it again. If a node ran short, ask for what the agent needs with `--memory`.',
  },
  preempted: {
    means: 'The pod had to make room for one of higher priority, or its queue took the quota back.',
    remedy: 'Run it again when the cluster is less busy.',
  },
  node_lost: {
    means: 'The node stopped answering. The agent may still be at work there.',
    remedy: 'Check the node with `kubectl get nodes`. Run it again once the node is back or known to be off.',
  },
  deadline_exceeded: {
    means: 'The run took longer than it may.',
    remedy: 'Allow more with `--timeout 2h`, or give the agent a smaller task.',
  },
  output_limit_exceeded: {
    means: 'The agent printed more than it may.',
    remedy: 'Give the agent a smaller task.',
  },
  cancelled: {
    means: 'Someone cancelled the run; the message names who.',
    remedy: 'Run it again if it is still wanted.',
  },
  deleted_externally: {
    means: 'Another program or person deleted the Job or its pod.',
    remedy: "The API server's audit log shows who. Run it again.",
  },
  unschedulable: {
    means: 'No node can take the pod: too little free processor or memory, a taint, a selector, or a volume.',
    remedy: 'Ask for less with `--cpu` and `--memory`, or allow more nodes with `--node-selector` and `--toleration`.',
  },
  image_error: {
    means: 'The node could not pull the image: the name or tag is wrong, or the registry wants a login.',
    remedy: 'Check `--image`. For a private registry, pass `--pull-secret NAME`.',
  },
  config_error: {
    means:
      'The container could not be set up: a Secret, ConfigMap, volume or user that it needs is missing or invalid.',
    remedy: 'Create what the message names, then run it again.',
  },
  init_failed: {
    means: 'A container that runs before the agent failed.',
    remedy: 'Read its log with `kubectl logs POD -c CONTAINER`.',
  },
  admission_denied: {
    means: 'The cluster refuses the pod: a policy, a missing service account or a webhook.',
    remedy: 'Satisfy what the message names. `agent-jobs doctor` shows which rules the namespace has.',
  },
  quota_exceeded: {
    means: "The namespace's quota leaves no room for the pod, or demands a request or limit that the run does not set.",
    remedy:
      'Set what the message names with `--cpu`, `--memory` or `--limit-cpu`, wait for other runs to end, or have the quota raised.',
  },
  start_failed: {
    means: 'The agent could not be started: the image lacks node, a shell or the agent, or the folder is not usable.',
    remedy: 'Check the image with `agent-jobs doctor --image IMAGE`, and the folder passed with `--cwd`.',
  },
  container_lost: {
    means:
      'The container is gone and its node does not know how it ended, as after a crash of its runtime, or its launcher was killed.',
    remedy: 'Run it again; look at the node with `kubectl describe node` if it happens again.',
  },
  follow_failed: {
    means: 'This program failed while it followed the run. The run itself goes on.',
    remedy: 'Follow it again with `agent-jobs logs JOB`, and report the message.',
  },
  lost: {
    means: 'The run has ended, and nothing that is left shows how.',
    remedy: 'Look at what the agent left behind: its volume, its branch, its pull request.',
  },
} as const satisfies Record<OutcomeCode, Explanation>

const submission = {
  invalid_request: {
    means: 'The options cannot become a valid Job. Nothing was created.',
    remedy: 'Correct what the message names.',
  },
  run_locked: {
    means: 'Another run with the same `--key` may still be at work.',
    remedy: 'Follow it with `agent-jobs logs JOB`, end it with `agent-jobs cancel JOB`, or use another `--key`.',
  },
  job_name_taken: {
    means: 'A Job with this name exists and belongs to another run.',
    remedy: 'Run it again; the command makes a new name.',
  },
  refused: {
    means: 'The API server refused a request. What had been created was removed, or the message names it.',
    remedy: 'Read its answer in the message. `agent-jobs doctor` checks permissions and quotas.',
  },
  unreachable: {
    means: 'The API server did not answer in time. Whether the run exists is unknown.',
    remedy: 'Check the connection with `kubectl get --raw /readyz`, then look with `agent-jobs ps`.',
  },
  lock_lost: {
    means: 'Another process started a run with the same `--key` at the same time. This one was removed.',
    remedy: 'Follow the other one, or run again.',
  },
  not_ours: { means: 'The Job was not created by agent-jobs.', remedy: 'Use `kubectl logs job/NAME`.' },
  detached: {
    means: 'The command stopped following the run. The run goes on.',
    remedy: 'Follow it again with `agent-jobs logs JOB`.',
  },
  events_taken: { means: 'The events of a run were read twice; this is a bug of agent-jobs.', remedy: 'Report it.' },
} as const satisfies Record<Exclude<RunErrorCode, CliErrorCode>, Explanation>

const agent = {
  auth_failed: {
    means: 'The model API refused the key or login.',
    remedy: 'Pass a valid one: `agent-jobs run -e ANTHROPIC_API_KEY …` takes it from your environment.',
  },
  billing_required: {
    means: 'The account of the model API has no funds.',
    remedy: 'Add funds, or use another account.',
  },
  quota_exhausted: {
    means: 'The usage limit of the account is reached.',
    remedy: 'Wait until it resets, or use another account.',
  },
  rate_limited: { means: 'The model API refused too many requests in a row.', remedy: 'Run it again later.' },
  overloaded: { means: 'The model is overloaded.', remedy: 'Run it again later, or with another `--model`.' },
  upstream_error: { means: 'The model API failed.', remedy: 'Run it again later.' },
  bad_request: { means: 'The model API, or the API server, calls a request invalid.', remedy: 'Read the message.' },
  model_unavailable: { means: 'The account has no such model.', remedy: 'Pass another `--model`.' },
  model_refusal: { means: 'The model refused the task.', remedy: 'Change the prompt.' },
  context_overflow: {
    means: 'The conversation is longer than the model can read.',
    remedy: 'Start a new session: leave out `--resume`.',
  },
  output_limit: { means: 'The answer was longer than the model may write.', remedy: 'Ask for less at once.' },
  max_turns: { means: 'The limit of turns is reached.', remedy: 'Raise it: `agent-jobs run … -- --max-turns 100`.' },
  max_budget: { means: 'The cost limit of the run is reached.', remedy: 'Raise it, or ask for less.' },
  structured_output_failed: {
    means: "The agent's answer does not match the schema.",
    remedy: 'Simplify the file passed with `--output-schema`.',
  },
  session_unavailable: {
    means: 'The session does not exist in this pod.',
    remedy: 'Pass `--resume` with the volume (`--pvc`) that holds the session, or leave it out.',
  },
  truncated: {
    means: 'The output ends in the middle: the agent was killed, or its output was lost.',
    remedy: 'Run it again, or continue with `--resume SESSION`.',
  },
  interrupted: { means: 'The agent was interrupted.', remedy: 'Continue with `--resume SESSION`.' },
  empty_response: { means: 'The model answered with nothing.', remedy: 'Run it again.' },
  no_result: {
    means: 'The agent ended without an error and without a result.',
    remedy: 'Read the end of its transcript with `agent-jobs logs JOB --tail 50`, or continue with `--resume SESSION`.',
  },
  output_unreadable: {
    means: "The agent's output could not be read, so its result is unknown. The work may have been done.",
    remedy: 'Correct what the message names: the permission to read `pods/log`, or the certificate of the kubelet.',
  },
  agent_failed: {
    means: 'The agent failed and does not say why.',
    remedy: 'Read the end of its transcript with `agent-jobs logs JOB --tail 50`.',
  },
} as const satisfies Partial<Record<AgentErrorCode, Explanation>>

const cluster = {
  forbidden: {
    means: 'You may not do this in the cluster.',
    remedy: 'See what you may do with `agent-jobs doctor`; ask for what it lists.',
  },
  not_found: { means: 'An object that the command needs does not exist.', remedy: 'Check names and `--namespace`.' },
  conflict: { means: 'Another program changed the object at the same time.', remedy: 'Run the command again.' },
  already_exists: { means: 'An object with this name exists.', remedy: 'Choose another name, or delete it first.' },
  gone: { means: 'The API server no longer has this version of the object.', remedy: 'Run the command again.' },
  invalid: { means: 'The API server calls an object invalid.', remedy: 'Correct what the message names.' },
  too_many_requests: { means: 'The API server is busy.', remedy: 'Run the command again later.' },
  server_error: {
    means: 'The API server failed.',
    remedy: 'Run the command again; look at the API server if it persists.',
  },
  unavailable: { means: 'The API server is not available.', remedy: 'Check it with `kubectl get --raw /readyz`.' },
  unexpected_status: {
    means: 'A server answered that is not a Kubernetes API server, or a proxy in between did.',
    remedy: 'Check the address with `kubectl config view --minify`, and HTTPS_PROXY.',
  },
  timeout: {
    means: 'The API server did not answer in time.',
    remedy: 'Check the connection with `kubectl get --raw /readyz`.',
  },
  connection: {
    means: 'The API server cannot be reached.',
    remedy: 'Check the address with `kubectl config view --minify`, and VPN, HTTPS_PROXY and NO_PROXY.',
  },
  tls: {
    means: "The API server's certificate is not trusted, or yours is not accepted.",
    remedy: "Check the kubeconfig's `certificate-authority`; a proxy that replaces certificates needs its own there.",
  },
  credentials: {
    means: 'The credentials of the kubeconfig could not be read, or its login command failed.',
    remedy: 'Run the login command of your cluster; the message has its output.',
  },
  bad_response: {
    means: 'The API server answered with something that is not valid.',
    remedy: 'Check proxies in between.',
  },
  response_too_large: {
    means: 'An answer was larger than this program accepts.',
    remedy: 'Ask for less, with `-l` or `-n`.',
  },
  stale_list: { means: 'The API server answered with an old state.', remedy: 'Run the command again.' },
  kubeconfig_missing: {
    means: 'No kubeconfig found, or a file that it names does not exist.',
    remedy: 'Pass `--kubeconfig FILE`, set `KUBECONFIG`, or try `agent-jobs demo`, which brings its own cluster.',
  },
  kubeconfig_invalid: {
    means: 'The kubeconfig is not valid.',
    remedy: 'Correct what the message names; `kubectl config view` shows how kubectl reads it.',
  },
  kubeconfig_refused: {
    means: 'The kubeconfig asks for something that is not allowed here, such as running a program or reading a file.',
    remedy: 'Use a kubeconfig that holds its credentials itself.',
  },
  closed: { means: 'The connection was closed by this program.', remedy: 'Run the command again.' },
} as const satisfies Partial<Record<KubeErrorCode, Explanation>>

/** Codes by their group, in the order in which `docs/errors.md` has them. */
export const explanationGroups: readonly (readonly [title: string, Readonly<Record<string, Explanation>>])[] = [
  ['The command line', commandLine],
  ['How a run ended', outcomes],
  ['Starting and following a run', submission],
  ['What the agent reports', agent],
  ['The cluster', cluster],
]

/** Every code; the compiler checks that none is missing. */
export const explanations: Readonly<Record<ErrorCode, Explanation>> = {
  ...cluster,
  ...agent,
  ...submission,
  ...outcomes,
  ...commandLine,
}

/** The explanation of a code, if there is one. */
export function explanationOf(code: string): Explanation | undefined {
  return new Map<string, Explanation>(Object.entries(explanations)).get(code)
}

const docs = 'https://github.com/agent-jobs/agent-jobs/blob/main/docs'

/** Where a code is explained on the web. */
export function errorUrl(code: string): string {
  return `${docs}/errors.md#${code}`
}

/** Where a code of the Paperclip adapters is explained on the web. */
export function adapterErrorUrl(code: string): string {
  return `${docs}/troubleshooting.md#${code}`
}
