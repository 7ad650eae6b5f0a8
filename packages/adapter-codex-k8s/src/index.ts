import { serverAdapter } from '@agent-jobs/adapter-kit'
import type { ServerAdapterModule } from '@paperclipai/adapter-utils'
import { codexDefinition } from './codex-definition.ts'

export { codexDefinition }

/** Makes the adapter; Paperclip calls this when it loads the package. */
export function createServerAdapter(): ServerAdapterModule {
  return serverAdapter(codexDefinition)
}
