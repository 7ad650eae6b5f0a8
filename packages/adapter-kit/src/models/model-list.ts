import type { AdapterModel } from '@paperclipai/adapter-utils'
import { messageOf } from '../adapter-error.ts'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import type { AdapterDependencies } from '../run/adapter-dependencies.ts'

const timeoutMs = 10_000
const freshMs = 60_000

/** The models on offer, asked of the provider now and then. */
export interface ModelList {
  /** What was asked lately, else what the provider says now. */
  list(): Promise<AdapterModel[]>
  /** What the provider says now. */
  refresh(): Promise<AdapterModel[]>
}

/** Makes the list. A provider that does not answer leaves the list that is known. */
export function createModelList(
  definition: Pick<AgentDefinition, 'models' | 'listModels' | 'label'>,
  deps: AdapterDependencies,
): ModelList {
  let known: { models: AdapterModel[]; at: number } | null = null
  const refresh = async (): Promise<AdapterModel[]> => {
    try {
      const { env, fetch } = deps
      const models =
        (await definition.listModels?.({ env, fetch, signal: AbortSignal.timeout(timeoutMs) })) ?? definition.models
      known = { models, at: deps.clock.now() }
      return models
    } catch (error) {
      deps.onWarning(`The models of ${definition.label} could not be listed: ${messageOf(error)}`)
      return known?.models ?? definition.models
    }
  }
  return {
    refresh,
    list: async () => (known !== null && deps.clock.now() - known.at < freshMs ? known.models : refresh()),
  }
}
