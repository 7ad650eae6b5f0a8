import { createLatch, errorMessage, firstOf, type Latch } from '@agent-jobs/primitives'
import type { AdapterModel } from '@paperclipai/adapter-utils'
import type { AgentDefinition, ModelInput } from '../agent/agent-definition.ts'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import { imageOutput } from './image-output.ts'

// A provider answers within seconds at no cost; the agents' image needs a pod.
const ofProvider = { timeoutMs: 10_000, freshMs: 60_000, patienceMs: 10_000 }
const ofImage = { timeoutMs: 150_000, freshMs: 3_600_000, patienceMs: 3000 }

/** The available models, queried from the provider or the agents' image from time to time. */
export interface ModelList {
  /** The recent answer if there is one, else a new one, else – while that is pending – the known models. */
  list(): Promise<AdapterModel[]>
  /** A new answer. */
  refresh(): Promise<AdapterModel[]>
}

/** Creates the list. Without an answer, the known models stay. */
export function createModelList(
  definition: Pick<AgentDefinition, 'models' | 'listModels' | 'title' | 'type' | 'schema' | 'modelsInImage'>,
  deps: AdapterDependencies,
): ModelList {
  const { timeoutMs, freshMs, patienceMs } = definition.modelsInImage === true ? ofImage : ofProvider
  let known: { models: AdapterModel[]; at: number } | null = null
  let asking: Latch<AdapterModel[]> | null = null
  const ask = async (): Promise<AdapterModel[]> => {
    try {
      const { env, fetch } = deps
      const signal = AbortSignal.timeout(timeoutMs)
      const inImage = (command: Parameters<ModelInput['inImage']>[0]) => imageOutput(definition, deps, command, signal)
      const models = (await definition.listModels?.({ env, fetch, signal, inImage })) ?? definition.models
      known = { models, at: deps.clock.now() }
      return models
    } catch (error) {
      deps.onWarning(`The models of ${definition.title} could not be listed: ${errorMessage(error)}`, {
        code: 'models_not_listed',
      })
      // A pod that failed is not retried at once.
      if (definition.modelsInImage === true)
        known = { models: known?.models ?? definition.models, at: deps.clock.now() }
      return known?.models ?? definition.models
    } finally {
      asking = null
    }
  }
  const begin = (): Latch<AdapterModel[]> => {
    if (asking !== null) return asking
    const answer = createLatch<AdapterModel[]>()
    asking = answer
    ask().then(answer.open, answer.fail)
    return answer
  }
  return {
    refresh: () => begin().wait(),
    async list() {
      if (known !== null && deps.clock.now() - known.at < freshMs) return known.models
      const answer = begin()
      const late = async (signal: AbortSignal): Promise<AdapterModel[]> => {
        await deps.clock.sleep(patienceMs, signal)
        return known?.models ?? definition.models
      }
      return firstOf([(signal) => answer.wait(signal), late])
    },
  }
}
