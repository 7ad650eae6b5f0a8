import { settingsTable } from '@agent-jobs/adapter-kit/settings'
import { opencodeSchema } from './opencode-settings.ts'

/** The text that Paperclip shows agents and users about this adapter's configuration. */
export const configurationDoc = `# opencode_k8s

Runs OpenCode as a Kubernetes Job, one pod for each run, on the data volume that the Paperclip server has at /paperclip.

${settingsTable(opencodeSchema)}
`
