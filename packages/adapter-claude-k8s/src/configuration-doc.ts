import { settingsTable } from '@agent-jobs/adapter-kit'
import { claudeSchema } from './claude-settings.ts'

/** What Paperclip tells agents and people about this adapter's configuration. */
export const configurationDoc = `# claude_k8s

Runs Claude Code as a Kubernetes Job, one pod for each run, on the data volume that the Paperclip server has at /paperclip.

${settingsTable(claudeSchema)}
`
