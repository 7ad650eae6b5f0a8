import { settingsTable } from '@agent-jobs/adapter-kit/settings'
import { codexSchema } from './codex-settings.ts'

/** The text that Paperclip shows agents and users about this adapter's configuration. */
export const configurationDoc = `# codex_k8s

Runs Codex as a Kubernetes Job, one pod for each run, on the data volume that the Paperclip server has at /paperclip.

${settingsTable(codexSchema)}
`
