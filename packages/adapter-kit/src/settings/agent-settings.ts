import { open } from '../policy/operator-rule.ts'
import { list, longText, record, setting, text, toggle } from './setting-types.ts'

/** What the agent is told and how it starts. */
export const agentSettings = {
  cwd: setting(text(), {
    title: 'Working directory',
    description: "Working directory when the task has no workspace of its own. Default: the data volume's mount path.",
    operator: open,
    group: 'Agent',
  }),
  model: setting(text(), {
    title: 'Model',
    description: "Model id. Default: the agent's own.",
    operator: open,
    group: 'Agent',
  }),
  promptTemplate: setting(longText(), {
    title: 'Prompt template',
    description: "Prompt of a run, with {{agent.name}}, {{run.id}}, {{context.…}}. Default: Paperclip's own.",
    operator: open,
    group: 'Agent',
  }),
  bootstrapPromptTemplate: setting(longText(), {
    title: 'Bootstrap prompt template',
    // Not in the form: Paperclip refuses a new agent that has it.
    description: 'Goes first in the prompt of a fresh session.',
    operator: open,
    group: 'Agent',
  }),
  instructionsFilePath: setting(text(), {
    title: 'Instructions file',
    description: 'Absolute path of the instructions on the data volume; Paperclip sets it.',
    operator: open,
    group: 'Agent',
  }),
  instructionsRootPath: setting(text(), {
    title: 'Instructions folder',
    description: 'Folder of the instructions and the files that they refer to; the agent sees it. Paperclip sets it.',
    operator: open,
    group: 'Agent',
  }),
  instructionsBundleMode: setting(text(), {
    title: 'Instructions mode',
    description: '`external`: the instructions folder is the `AGENT_HOME` of the agent. Paperclip sets it.',
    operator: open,
    group: 'Agent',
  }),
  extraArgs: setting(list(), {
    title: 'Extra arguments',
    description: "Appended to the agent's command line.",
    kind: 'list',
    operator: open,
    group: 'Agent',
  }),
  mcpServers: setting(record(), {
    title: 'MCP servers',
    description:
      'MCP servers by name (`command`, `args`, `env` or `url`, `headers`) as object or JSON. Paperclip adds its own.',
    field: 'textarea',
    kind: 'object',
    operator: open,
    group: 'Agent',
  }),
  resumeLastSession: setting(toggle(true), {
    title: 'Resume sessions',
    description: "Continue the task's last session; off starts a new session for every run.",
    field: 'toggle',
    operator: open,
    group: 'Agent',
  }),
} as const
