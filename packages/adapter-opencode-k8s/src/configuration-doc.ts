import { settingsTable } from '@agent-jobs/adapter-kit'
import { opencodeSchema } from './opencode-settings.ts'

/** What Paperclip tells agents and people about this adapter's configuration. */
export const configurationDoc = `# opencode_k8s

Runs OpenCode as a Kubernetes Job, one pod for each run, on the data volume that the Paperclip server has at /paperclip.

${settingsTable(opencodeSchema)}
`
