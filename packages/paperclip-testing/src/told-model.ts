import { scenarios, startScriptedModel, type Scenario, type ScriptedModel } from '@agent-jobs/scripted-model'

/** A scripted model that reports requests, so that a test need not poll. */
export interface ToldModel extends ScriptedModel {
  /** Resolves at the next request of a scenario: the agent is working then. */
  asked(scenario: string): Promise<void>
}

/** Starts it. */
export async function startToldModel({
  host,
  scenarios: own = {},
}: { host?: string; scenarios?: Readonly<Record<string, Scenario>> } = {}): Promise<ToldModel> {
  const waiting = new Map<string, PromiseWithResolvers<void>>()
  const telling = Object.entries({ ...scenarios, ...own }).map(([name, scenario]): [string, Scenario] => [
    name,
    (request, context) => {
      // A request for a title is not work of the agent.
      if (!request.side) {
        waiting.get(name)?.resolve()
        waiting.delete(name)
      }
      return scenario(request, context)
    },
  ])
  const model = await startScriptedModel({
    ...(host === undefined ? {} : { host }),
    scenarios: Object.fromEntries(telling),
  })
  return {
    ...model,
    asked(scenario) {
      const found = waiting.get(scenario) ?? Promise.withResolvers<void>()
      waiting.set(scenario, found)
      return found.promise
    },
  }
}
