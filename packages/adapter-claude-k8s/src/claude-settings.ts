import {
  alias,
  choice,
  commonSettings,
  list,
  number,
  open,
  setting,
  text,
  toggle,
} from '@agent-jobs/adapter-kit/settings'
import { z } from 'zod'
import { defaultModel } from './provider.ts'

const configDirs = ['auto', 'agent', 'shared'] as const

/** The settings of Claude Code besides those of every agent. */
const claudeSettings = {
  ...commonSettings,
  model: setting(text(), {
    title: 'Model',
    description: `Model id. Default: ${defaultModel}, as in Paperclip's own Claude adapter; with ANTHROPIC_MODEL, on Bedrock and on Vertex the model that these choose.`,
    operator: open,
    group: 'Agent',
  }),
  effort: setting(text(), {
    title: 'Effort',
    description:
      'Reasoning effort, passed as `--effort` (low, medium, high, …). Also read as `thinkingEffort` and `variant`, as Paperclip writes it.',
    operator: open,
    group: 'Agent',
  }),
  thinkingEffort: alias(text(), 'effort'),
  variant: alias(text(), 'effort'),
  maxTurnsPerRun: setting(number(0), {
    title: 'Max turns per run',
    description: 'Turns after which a run stops with `max_turns`; 0 means no limit.',
    field: 'number',
    operator: open,
    group: 'Agent',
  }),
  maxBudgetUsdPerRun: setting(number(0), {
    title: 'Max cost per run (USD)',
    description: 'Cost after which Claude Code stops with `max_budget`; 0 means no limit.',
    field: 'number',
    operator: open,
    group: 'Agent',
  }),
  dangerouslySkipPermissions: setting(toggle(true), {
    title: 'Skip permission prompts',
    description:
      'Passes `--dangerously-skip-permissions`. No one can answer a prompt: without it, tools that ask are denied.',
    operator: open,
    group: 'Agent',
  }),
  fallbackModel: setting(text(), {
    title: 'Fallback model',
    description: 'Model that is used while the chosen one is overloaded.',
    field: 'text',
    operator: open,
    group: 'Agent',
  }),
  settingSources: setting(list(), {
    title: 'Setting sources',
    description:
      "Which of Claude Code's own settings files count: user, project, local. Default: Claude Code's own choice.",
    kind: 'list',
    operator: open,
    group: 'Agent',
  }),
  agentCommand: setting(
    text().transform((value) => value ?? 'claude'),
    {
      title: 'Command',
      description: 'Executable of Claude Code in the image, without arguments.',
      field: 'text',
      operator: open,
      group: 'Agent',
    },
  ),
  'providers.anthropic.accounts': setting(list(), {
    title: 'Accounts',
    description:
      'Accounts of which `ccrotate` (it must be in the image) chooses the next before each run. Without it the login that is there stays.',
    kind: 'list',
    operator: open,
    group: 'Agent',
  }),
  claudeConfigDir: setting(choice(configDirs, 'auto'), {
    title: 'Claude config directory',
    description:
      "Where Claude Code keeps sessions and login: a directory of each agent's own, or `.claude` in the company's home for all. `auto` shares it only when someone logged in there, or in `.claude` of the data volume, and no key is configured, since a config file that many processes write can break.",
    field: 'select',
    options: configDirs.map((value) => ({ label: value, value })),
    operator: open,
    group: 'Agent',
  }),
} as const

/** Claude Code's settings, read and defaulted. */
export const claudeSchema = z.object(claudeSettings)

/** The settings of one agent. */
export type ClaudeSettings = z.output<typeof claudeSchema>
