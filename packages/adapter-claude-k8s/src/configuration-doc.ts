import { settingsTable } from '@agent-jobs/adapter-kit/settings'
import { claudeSchema } from './claude-settings.ts'

/** The text that Paperclip shows agents and users about this adapter's configuration. */
export const configurationDoc = `# claude_k8s

Runs Claude Code as a Kubernetes Job, one pod for each run, on the data volume that the Paperclip server has at /paperclip.

${settingsTable(claudeSchema)}
`
