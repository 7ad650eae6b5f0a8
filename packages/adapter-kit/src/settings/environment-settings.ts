import { barred, barredInCluster, open } from '../policy/operator-rule.ts'
import { choice, list, record, setting, text } from './setting-types.ts'

const environment = 'Environment'
const volumeAccesses = ['company', 'whole'] as const

/** What agents see of variables and of the data volume. */
export const environmentSettings = {
  env: setting(record(), {
    title: 'Environment',
    description: "Environment of the agent. Values go to the run's Secret, never into the Job.",
    kind: 'pairs',
    operator: open,
    group: environment,
  }),
  inheritedEnvAllow: setting(list(), {
    title: 'Inherited variables to allow',
    description:
      "Names (`*` matches anything) of the server's variables that the agent may see although the rule would hold them back. `secret/NAME` and `configmap/NAME` allow a whole envFrom source or secret volume.",
    field: 'textarea',
    kind: 'list',
    operator: barred('The server holds credentials that are not for agents.'),
    group: environment,
  }),
  inheritedEnvDeny: setting(list(), {
    title: 'Inherited variables to deny',
    description:
      "Names (`*` matches anything) of the server's variables that the agent must not see; wins over everything else. `*` inherits nothing.",
    field: 'textarea',
    kind: 'list',
    operator: open,
    group: environment,
  }),
  workspaceVolumeClaim: setting(text(), {
    title: 'Data volume claim',
    description: 'Claim to mount as data volume. Default: the claim that the Paperclip server has at /paperclip.',
    field: 'text',
    operator: barredInCluster('Claims of the namespace belong to others, too.'),
    group: environment,
  }),
  workspaceMountPath: setting(text(), {
    title: 'Data mount path',
    description: 'Where the data volume is mounted in agent pods; also HOME. Default: /paperclip.',
    field: 'text',
    operator: open,
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
    operator: barred("The whole volume holds every company's files and the server's keys."),
    group: environment,
  }),
  volumeFolders: setting(list(), {
    title: 'More folders of the data volume',
    description: 'Absolute paths of additional folders that agents see, for example with tools that all of them share.',
    field: 'textarea',
    kind: 'list',
    visibleWhen: { key: 'volumeAccess', value: 'company' },
    operator: barred('Folders outside of the company may belong to others.'),
    group: environment,
  }),
  secretRef: setting(text(), {
    title: 'Secret to check',
    description: 'A Secret whose presence the environment test checks.',
    operator: open,
    group: environment,
  }),
} as const
