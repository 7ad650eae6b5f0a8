import {
  alias,
  choice,
  commonSettings,
  list,
  number,
  open,
  quantity,
  record,
  setting,
  text,
  toggle,
} from '@agent-jobs/adapter-kit/settings'
import { z } from 'zod'

const databaseModes = ['workspace_subpath', 'dedicated_pvc', 'ephemeral'] as const

/** The settings of OpenCode besides those of every agent. */
const opencodeSettings = {
  ...commonSettings,
  variant: setting(text(), {
    title: 'Variant',
    description:
      'Variant of the model, passed as `--variant`. Also read as `effort` and `thinkingEffort`, as Paperclip writes it.',
    field: 'text',
    operator: open,
    group: 'Agent',
  }),
  effort: alias(text(), 'variant'),
  thinkingEffort: alias(text(), 'variant'),
  agent: setting(text(), {
    title: 'OpenCode agent',
    description: "Which of OpenCode's own agents runs, passed as `--agent`.",
    field: 'text',
    operator: open,
    group: 'Agent',
  }),
  smallModel: setting(text(), {
    title: 'Small model',
    description: "`provider/model` for titles and summaries. Default: OpenCode's own choice.",
    field: 'text',
    operator: open,
    group: 'Agent',
  }),
  maxStepsPerRun: setting(number(0), {
    title: 'Max steps per run',
    description: 'Steps after which OpenCode asks the model to stop; 0 means no limit. A model may ignore it.',
    field: 'number',
    operator: open,
    group: 'Agent',
  }),
  compactThreshold: setting(number(0), {
    title: 'Compact at (tokens)',
    description:
      'Size of the conversation at which OpenCode compacts it, at least 20000; 0 leaves it to OpenCode (near the limit of the model). For a model that is not in the table of this package, `providerOptions` must name its limits.',
    field: 'number',
    operator: open,
    group: 'Agent',
  }),
  dangerouslySkipPermissions: setting(toggle(true), {
    title: 'Skip permission prompts',
    description: 'Allows what OpenCode would ask about. No one can answer: without it, what is not allowed is denied.',
    field: 'toggle',
    operator: open,
    group: 'Agent',
  }),
  denyEnvironmentDump: setting(toggle(true), {
    title: 'Deny environment dumps',
    description:
      'Denies shell commands that print the environment, which would put credentials into the transcript. `envGuardPlugin`, the name that earlier adapters had for it, is read too: true switches it on.',
    field: 'toggle',
    operator: open,
    group: 'Agent',
  }),
  envGuardPlugin: alias(toggle(false), 'denyEnvironmentDump'),
  providerOptions: setting(record(), {
    title: 'Providers',
    description:
      "OpenCode's `provider` section as JSON or YAML: base URLs, keys, models, time-outs. Travels in the run's Secret.",
    field: 'textarea',
    kind: 'object',
    secret: true,
    operator: open,
    group: 'Agent',
  }),
  chunkTimeoutMs: setting(number(240_000), {
    title: 'Chunk timeout (ms)',
    description: "Longest pause inside an answer of the model's provider; 0 leaves it to OpenCode.",
    field: 'number',
    operator: open,
    group: 'Agent',
  }),
  disabledProviders: setting(list(), {
    title: 'Disabled providers',
    description: 'Providers that OpenCode must not use. Default: `opencode`, whose anonymous quota stalls runs.',
    kind: 'list',
    operator: open,
    group: 'Agent',
  }),
  authJson: setting(record(), {
    title: 'Login',
    description: "Content of OpenCode's auth.json. Travels in the run's Secret.",
    field: 'textarea',
    kind: 'object',
    secret: true,
    operator: open,
    group: 'Agent',
  }),
  agentDbMode: setting(choice(databaseModes, 'workspace_subpath'), {
    title: 'Session database',
    description:
      "Where OpenCode's database is: a folder of the task on the data volume, a claim of the agent's own, or the pod (no sessions).",
    field: 'select',
    options: databaseModes.map((value) => ({ label: value, value })),
    operator: open,
    group: 'Sessions',
  }),
  agentDbStorageClass: setting(text(), {
    title: 'Database storage class',
    description: 'Storage class of the dedicated claim; its volume must support shared memory, so not NFS.',
    field: 'text',
    visibleWhen: { key: 'agentDbMode', value: 'dedicated_pvc' },
    operator: open,
    group: 'Sessions',
  }),
  agentDbStorageCapacity: setting(quantity('1Gi'), {
    title: 'Database capacity',
    description: 'Size of the dedicated claim.',
    field: 'text',
    kind: 'quantity',
    visibleWhen: { key: 'agentDbMode', value: 'dedicated_pvc' },
    operator: { ...open, maximum: '100Gi' },
    group: 'Sessions',
  }),
  agentCommand: setting(
    text().transform((value) => value ?? 'opencode'),
    {
      title: 'Command',
      description: 'Executable of OpenCode in the image, without arguments.',
      field: 'text',
      operator: open,
      group: 'Agent',
    },
  ),
} as const

/** OpenCode's settings, read and defaulted. */
export const opencodeSchema = z.object(opencodeSettings)

/** The settings of one agent. */
export type OpencodeSettings = z.output<typeof opencodeSchema>
