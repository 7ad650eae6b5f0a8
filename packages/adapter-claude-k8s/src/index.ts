import { createAdapter, systemDependencies, takeBackOrphans } from '@agent-jobs/adapter-kit'
import type { ServerAdapterModule } from '@paperclipai/adapter-utils'
import { claudeDefinition } from './claude-definition.ts'

/** Makes the adapter; Paperclip calls this when it loads the package. */
export function createServerAdapter(): ServerAdapterModule {
  const deps = systemDependencies()
  // Owned by the server: it ends by itself, and says by a process warning what it could not do.
  queueMicrotask(() => takeBackOrphans(claudeDefinition, deps))
  return createAdapter(claudeDefinition, deps)
}
