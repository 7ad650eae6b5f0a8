import { createAdapter, type AdapterDependencies, type AgentDefinition } from '@agent-jobs/adapter-kit'
import { commonSettings } from '@agent-jobs/adapter-kit/settings'
import type { ServerAdapterModule } from '@paperclipai/adapter-utils'
import { z } from 'zod'
import { countdown } from './agent.ts'

/** The same agent as a Paperclip adapter: only what Paperclip needs to know comes on top. */
export const countdownDefinition: AgentDefinition = {
  ...countdown,
  type: 'countdown_k8s',
  conversationType: 'claude_local',
  jobNamePrefix: 'countdown',
  containerName: 'countdown',
  bundleFolder: 'countdown-prompt-cache',
  schema: z.object(commonSettings),
  runtimeToolDelivery: 'environment',
  documentation: 'Counts down from the number in the task.',
  models: [],
  isSessionId: () => false,
  sessionBoundToDirectory: false,
  findSession: async () => 'unknown',
  errorNames: {},
  prepare: async () => ({
    argv: countdown.argv({ extra: [] }),
    env: {},
    files: [],
    // Goes before everything that Paperclip says.
    lead: ['count down from 3'],
    notes: [],
    warnings: [],
  }),
  billing: () => ({ provider: 'none', biller: 'none', billingType: 'unknown' }),
}

/** What Paperclip calls when it loads the package. */
export function createServerAdapter(deps?: AdapterDependencies): ServerAdapterModule {
  return createAdapter(countdownDefinition, deps)
}
