import { alias, choice, commonSettings, open, record, setting, text, toggle } from '@agent-jobs/adapter-kit/settings'
import { z } from 'zod'

const sandboxes = ['read-only', 'workspace-write', 'danger-full-access'] as const
const commandEnvironments = ['no_model_keys', 'no_secrets', 'all'] as const

/** The settings of Codex besides those of every agent. */
const codexSettings = {
  ...commonSettings,
  modelReasoningEffort: setting(text(), {
    title: 'Reasoning effort',
    description:
      'Passed as `model_reasoning_effort` (low, medium, high, …). Codex takes any word without a warning. Also read as `reasoningEffort`, `effort`, `thinkingEffort` and `variant`, as Paperclip writes it.',
    field: 'text',
    operator: open,
    group: 'Agent',
  }),
  reasoningEffort: alias(text(), 'modelReasoningEffort'),
  effort: alias(text(), 'modelReasoningEffort'),
  thinkingEffort: alias(text(), 'modelReasoningEffort'),
  variant: alias(text(), 'modelReasoningEffort'),
  search: setting(toggle(false), {
    title: 'Web search',
    description: 'Lets the model search the web through its provider.',
    field: 'toggle',
    operator: open,
    group: 'Agent',
  }),
  fastMode: setting(toggle(false), {
    title: 'Fast mode',
    description: "Asks for the provider's fast service tier.",
    field: 'toggle',
    operator: open,
    group: 'Agent',
  }),
  dangerouslyBypassApprovalsAndSandbox: setting(toggle(true), {
    title: 'Bypass approvals and sandbox',
    description:
      "Runs commands without Codex's own sandbox. That sandbox needs user namespaces, which most pods do not have: without them every command fails and the run still ends with exit 0. The pod is the sandbox. Also read as `dangerouslyBypassSandbox`.",
    field: 'toggle',
    operator: open,
    group: 'Agent',
  }),
  dangerouslyBypassSandbox: alias(toggle(true), 'dangerouslyBypassApprovalsAndSandbox'),
  sandbox: setting(choice(sandboxes, 'workspace-write'), {
    title: 'Sandbox',
    description: "Codex's own sandbox, where it is not bypassed. The pods must allow user namespaces.",
    field: 'select',
    options: sandboxes.map((value) => ({ label: value, value })),
    visibleWhen: { key: 'dangerouslyBypassApprovalsAndSandbox', value: false },
    operator: open,
    group: 'Agent',
  }),
  allowForcedRemoval: setting(toggle(true), {
    title: 'Allow rm -f',
    description:
      'Lets agents run `rm -f` and `rm -rf`, which Codex refuses even when its sandbox is bypassed. Command lines with variables stay refused.',
    field: 'toggle',
    operator: open,
    group: 'Agent',
  }),
  commandEnvironment: setting(choice(commandEnvironments, 'no_model_keys'), {
    title: 'Environment of commands',
    description:
      "What the agent's commands see: everything but the keys of the model (`no_model_keys`), nothing whose name has KEY, SECRET or TOKEN in it, Paperclip's included (`no_secrets`), or everything (`all`).",
    field: 'select',
    options: commandEnvironments.map((value) => ({ label: value, value })),
    operator: open,
    group: 'Agent',
  }),
  requireMcpServers: setting(toggle(true), {
    title: 'Require MCP servers',
    description: 'Fails the run when an MCP server does not start. Without it Codex leaves the server out silently.',
    field: 'toggle',
    operator: open,
    group: 'Agent',
  }),
  profile: setting(text(), {
    title: 'Profile',
    description: 'Name of a Codex profile, passed as `--profile`. `profileConfig` is its content.',
    field: 'text',
    operator: open,
    group: 'Agent',
  }),
  profileConfig: setting(text(), {
    title: 'Profile content',
    description: "TOML of the profile, for example another model provider. Travels in the run's Secret.",
    field: 'textarea',
    secret: true,
    operator: open,
    group: 'Agent',
  }),
  authJson: setting(record(), {
    title: 'Login',
    description:
      "Content of Codex's auth.json: a ChatGPT login or an API key. Travels in the run's Secret and is kept on the data volume, because Codex replaces the refresh token when it uses it.",
    field: 'textarea',
    kind: 'object',
    secret: true,
    operator: open,
    group: 'Agent',
  }),
  agentCommand: setting(
    text().transform((value) => value ?? 'codex'),
    {
      title: 'Command',
      description: 'Executable of Codex in the image, without arguments. Also read as `command`.',
      field: 'text',
      operator: open,
      group: 'Agent',
    },
  ),
} as const

/** Codex's settings, read and defaulted. */
export const codexSchema = z.object(codexSettings)

/** The settings of one agent. */
export type CodexSettings = z.output<typeof codexSchema>
