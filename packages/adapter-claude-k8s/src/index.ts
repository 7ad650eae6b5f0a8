import { serverAdapter } from '@agent-jobs/adapter-kit'
import type { ServerAdapterModule } from '@paperclipai/adapter-utils'
import { claudeDefinition } from './claude-definition.ts'

export { claudeDefinition }

/** Makes the adapter; Paperclip calls this when it loads the package. */
export function createServerAdapter(): ServerAdapterModule {
  return serverAdapter(claudeDefinition)
}
