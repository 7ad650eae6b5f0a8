import {
  choice,
  list,
  longText,
  number,
  pairs,
  quantity,
  record,
  setting,
  text,
  toggle,
  tolerations,
} from './setting-types.ts'

const cluster = 'Kubernetes'
const scheduling = 'Scheduling'
const limits = 'Run limits'
const environment = 'Environment'
const docker = 'Docker'
const concurrency = 'Concurrency'

const volumeAccesses = ['company', 'whole'] as const
const imagePullPolicies = ['IfNotPresent', 'Always', 'Never'] as const

/** Settings of every agent, by the names that users of the earlier adapters know. Spread them into a `z.object`. */
export const commonSettings = {
  namespace: setting(text(), {
    title: 'Namespace',
    description: 'Namespace of the agent Jobs. Default: the namespace of the Paperclip server.',
    field: 'text',
    group: cluster,
  }),
  image: setting(text(), {
    title: 'Image',
    description:
      'Image of the agent container; it must hold /bin/sh, Node ≥ 18 and the agent. Default: the image of the Paperclip server.',
    field: 'text',
    group: cluster,
  }),
  imagePullPolicy: setting(choice(imagePullPolicies, 'IfNotPresent'), {
    title: 'Image pull policy',
    description: 'When the kubelet pulls the image.',
    field: 'select',
    options: imagePullPolicies.map((value) => ({ label: value, value })),
    group: cluster,
  }),
  serviceAccountName: setting(text(), {
    title: 'Service account',
    description:
      "Service account of the agent pods; its token is never mounted. Default: the namespace's default account.",
    field: 'text',
    group: cluster,
  }),
  kubeconfig: setting(longText(), {
    title: 'Kubeconfig',
    description: 'Path or content of a kubeconfig for another cluster. Default: the cluster that Paperclip runs in.',
    field: 'textarea',
    secret: true,
    group: cluster,
  }),
  paperclipApiUrl: setting(text(), {
    title: 'Paperclip URL for pods',
    description:
      "URL by which agent pods reach Paperclip's API. Default: PAPERCLIP_API_URL of the server, or the address of its pod.",
    field: 'text',
    group: cluster,
  }),
  paperclipProxy: setting(toggle(true), {
    title: "Paperclip's API on the pod's loopback",
    description:
      "The agent reaches Paperclip's API through the launcher, with a password that is good for this run only; the real token stays out of its hands and is renewed when Paperclip restarts. Needs the data volume; without it the agent gets the token itself.",
    field: 'toggle',
    group: cluster,
  }),
  'resources.requests.cpu': setting(quantity('1000m'), {
    title: 'CPU request',
    description: 'CPU that is reserved for the agent.',
    field: 'text',
    kind: 'quantity',
    group: scheduling,
  }),
  'resources.requests.memory': setting(quantity('2Gi'), {
    title: 'Memory request',
    description: 'Memory that is reserved for the agent.',
    field: 'text',
    kind: 'quantity',
    group: scheduling,
  }),
  'resources.limits.cpu': setting(quantity('4000m'), {
    title: 'CPU limit',
    description: 'CPU that the agent may use.',
    field: 'text',
    kind: 'quantity',
    group: scheduling,
  }),
  'resources.limits.memory': setting(quantity('8Gi'), {
    title: 'Memory limit',
    description: 'Memory above which the kernel kills processes of the agent.',
    field: 'text',
    kind: 'quantity',
    group: scheduling,
  }),
  nodeSelector: setting(pairs(), {
    title: 'Node selector',
    description:
      'Labels of suitable nodes: key=value lines, JSON or YAML. Blank inherits from the Paperclip server, `{}` means none.',
    field: 'textarea',
    kind: 'pairs',
    group: scheduling,
  }),
  tolerations: setting(tolerations(), {
    title: 'Tolerations',
    description:
      'Lines such as `dedicated=agents:NoSchedule`, JSON or YAML. Blank inherits from the Paperclip server, `[]` means none.',
    field: 'textarea',
    kind: 'tolerations',
    group: scheduling,
  }),
  labels: setting(pairs(), {
    title: 'Extra labels',
    description:
      'Labels of Job and pod: key=value lines, JSON or YAML. Names below paperclip.io/, app.kubernetes.io/ and agent-jobs.dev/ are reserved.',
    field: 'textarea',
    kind: 'pairs',
    group: scheduling,
  }),
  priorityClassName: setting(text(), {
    title: 'Priority class',
    description: 'Priority class of the agent pods.',
    field: 'text',
    group: scheduling,
  }),
  runtimeClassName: setting(text(), {
    title: 'Runtime class',
    description: 'Runtime class of the agent pods, for example gVisor or Kata.',
    field: 'text',
    group: scheduling,
  }),
  podScheduleTimeoutSec: setting(number(120, { min: 1 }), {
    title: 'Schedule grace (s)',
    description: 'How long a pod may stay unschedulable before the run fails; an autoscaler needs some minutes.',
    field: 'number',
    group: scheduling,
  }),
  podStartTimeoutSec: setting(number(600, { min: 1 }), {
    title: 'Start grace (s)',
    description: 'How long a scheduled pod may take to pull its image, mount volumes and start.',
    field: 'number',
    group: scheduling,
  }),
  timeoutSec: setting(number(0), {
    title: 'Timeout (s)',
    description: 'Longest run; 0 means none.',
    field: 'number',
    group: limits,
  }),
  graceSec: setting(number(60), {
    title: 'Grace (s)',
    description: 'Time between asking the agent to stop and killing it.',
    field: 'number',
    group: limits,
  }),
  idleTimeoutSec: setting(number(0), {
    title: 'Idle timeout (s)',
    description:
      'Longest silence of the agent before it is stopped; 0 means none. Model retries can be silent for six minutes.',
    field: 'number',
    group: limits,
  }),
  hangAfterResultSec: setting(number(30, { min: 1 }), {
    title: 'Linger after result (s)',
    description:
      'How long the agent may linger after its work is finished before it is stopped; the result of the run stays.',
    field: 'number',
    group: limits,
  }),
  ttlSecondsAfterFinished: setting(number(3600), {
    title: 'Job TTL (s)',
    description:
      'When Kubernetes removes a finished Job that nobody removed. Values below 3600 count as 3600: a result must outlive a server restart.',
    field: 'number',
    group: limits,
  }),
  retainJobs: setting(toggle(false), {
    title: 'Retain Jobs',
    description: 'Keep finished Jobs and pods until their TTL, to look at them.',
    field: 'toggle',
    group: limits,
  }),
  reattachOrphanedJobs: setting(toggle(true), {
    title: 'Reattach orphaned Jobs',
    description: 'After a restart of Paperclip, adopt the running Job of the same task instead of refusing the run.',
    field: 'toggle',
    group: concurrency,
  }),
  waitForConcurrent: setting(toggle(false), {
    title: 'Wait for a concurrent run',
    description:
      'When another run of the agent holds the lock, wait until it ends (at most timeout + grace + 120 s, or one hour) instead of failing.',
    field: 'toggle',
    group: concurrency,
  }),
  budgetGate: setting(toggle(false), {
    title: 'Budget gate',
    description:
      "Refuse a run with `budget_exceeded` when the agent's monthly budget is spent, before anything is created.",
    field: 'toggle',
    group: concurrency,
  }),
  k8sRunIsolation: setting(record(), {
    title: 'Run isolation',
    description:
      'Lets runs of one agent run in parallel: `{"mode":"isolated|run|workspace","key":"…","workspaceRoot":"…","homeRoot":"…","sessionRoot":"…","cacheRoot":"…","tmpRoot":"…"}`. Also read as `runIsolation` and `isolation`.',
    kind: 'object',
    group: concurrency,
  }),
  env: setting(record(), {
    title: 'Environment',
    description: "Environment of the agent. Values go to the run's Secret, never into the Job.",
    kind: 'pairs',
    group: environment,
  }),
  inheritedEnvAllow: setting(list(), {
    title: 'Inherited variables to allow',
    description:
      "Names (`*` matches anything) of the server's variables that the agent may see although the rule would hold them back. `secret/NAME` and `configmap/NAME` allow a whole envFrom source or secret volume.",
    field: 'textarea',
    kind: 'list',
    group: environment,
  }),
  inheritedEnvDeny: setting(list(), {
    title: 'Inherited variables to deny',
    description:
      "Names (`*` matches anything) of the server's variables that the agent must not see; wins over everything else. `*` inherits nothing.",
    field: 'textarea',
    kind: 'list',
    group: environment,
  }),
  workspaceVolumeClaim: setting(text(), {
    title: 'Data volume claim',
    description: 'Claim to mount as data volume. Default: the claim that the Paperclip server has at /paperclip.',
    field: 'text',
    group: environment,
  }),
  workspaceMountPath: setting(text(), {
    title: 'Data mount path',
    description: 'Where the data volume is mounted in agent pods; also HOME. Default: /paperclip.',
    field: 'text',
    group: environment,
  }),
  volumeAccess: setting(choice(volumeAccesses, 'company'), {
    title: 'Data volume access',
    description:
      "What agents see of the server's data volume. `company`: the folders of their own company and task, by name. `whole`: all of it, with every company's files and the server's own keys.",
    field: 'select',
    options: [
      { label: 'Their company and task', value: 'company' },
      { label: 'The whole volume', value: 'whole' },
    ],
    group: environment,
  }),
  volumeFolders: setting(list(), {
    title: 'More folders of the data volume',
    description: 'Absolute paths of folders that agents see besides, for example of tools that all of them share.',
    field: 'textarea',
    kind: 'list',
    visibleWhen: { key: 'volumeAccess', value: 'company' },
    group: environment,
  }),
  secretRef: setting(text(), {
    title: 'Secret to check',
    description: 'A Secret whose presence the environment test checks.',
    group: environment,
  }),
  environmentProbe: setting(toggle(false), {
    title: 'Probe pod in the environment test',
    description:
      'Lets the environment test start a pod that looks whether the image has Node, the agent and a shell, and whether volume and Paperclip can be reached.',
    field: 'toggle',
    group: cluster,
  }),
  enableDocker: setting(toggle(false), {
    title: 'Docker',
    description: 'Run a privileged Docker daemon as a native sidecar; the agent reaches it by DOCKER_HOST.',
    field: 'toggle',
    group: docker,
  }),
  dockerImage: setting(
    text().transform((value) => value ?? 'docker:28-dind'),
    {
      title: 'Docker image',
      description: 'Image of the Docker daemon.',
      field: 'text',
      visibleWhen: { key: 'enableDocker', value: true },
      group: docker,
    },
  ),
  dockerCpuLimit: setting(quantity('2'), {
    title: 'Docker CPU limit',
    description: 'CPU that the Docker daemon may use.',
    field: 'text',
    kind: 'quantity',
    visibleWhen: { key: 'enableDocker', value: true },
    group: docker,
  }),
  dockerMemoryLimit: setting(quantity('2Gi'), {
    title: 'Docker memory limit',
    description: 'Memory that the Docker daemon may use.',
    field: 'text',
    kind: 'quantity',
    visibleWhen: { key: 'enableDocker', value: true },
    group: docker,
  }),
  cwd: setting(text(), {
    title: 'Working directory',
    description: "Working directory when the task has no workspace of its own. Default: the data volume's mount path.",
    group: 'Agent',
  }),
  model: setting(text(), { title: 'Model', description: "Model id. Default: the agent's own.", group: 'Agent' }),
  promptTemplate: setting(longText(), {
    title: 'Prompt template',
    description: "Prompt of a run, with {{agent.name}}, {{run.id}}, {{context.…}}. Default: Paperclip's own.",
    group: 'Agent',
  }),
  bootstrapPromptTemplate: setting(longText(), {
    title: 'Bootstrap prompt template',
    // In no form: Paperclip refuses a new agent that has it.
    description: 'Goes first in the prompt of a fresh session.',
    group: 'Agent',
  }),
  instructionsFilePath: setting(text(), {
    title: 'Instructions file',
    description: 'Absolute path of the instructions on the data volume; Paperclip sets it.',
    group: 'Agent',
  }),
  instructionsRootPath: setting(text(), {
    title: 'Instructions folder',
    description: 'Folder of the instructions and what they speak of; the agent sees it. Paperclip sets it.',
    group: 'Agent',
  }),
  instructionsBundleMode: setting(text(), {
    title: 'Instructions mode',
    description: '`external`: the instructions folder is the `AGENT_HOME` of the agent. Paperclip sets it.',
    group: 'Agent',
  }),
  extraArgs: setting(list(), {
    title: 'Extra arguments',
    description: "Appended to the agent's command line.",
    kind: 'list',
    group: 'Agent',
  }),
  mcpServers: setting(record(), {
    title: 'MCP servers',
    description:
      'MCP servers by name (`command`, `args`, `env` or `url`, `headers`) as object or JSON. Paperclip adds its own.',
    field: 'textarea',
    kind: 'object',
    group: 'Agent',
  }),
  resumeLastSession: setting(toggle(true), {
    title: 'Resume sessions',
    description: "Continue the task's last session; off starts every run afresh.",
    field: 'toggle',
    group: 'Agent',
  }),
} as const
