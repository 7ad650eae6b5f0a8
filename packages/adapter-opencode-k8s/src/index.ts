import { serverAdapter } from '@agent-jobs/adapter-kit'
import type { ServerAdapterModule } from '@paperclipai/adapter-utils'
import { opencodeDefinition } from './opencode-definition.ts'

export { opencodeDefinition }

/** Makes the adapter; Paperclip calls this when it loads the package. */
export function createServerAdapter(): ServerAdapterModule {
  return serverAdapter(opencodeDefinition)
}
