import type { ModelRequest } from './model-request.ts'
import type { Reply } from './reply.ts'

/** What a scenario may know beside the request itself. */
export interface ScenarioContext {
  /** How often this URL (scenario and key) was asked before with tools offered: 0 for the first request. */
  readonly earlier: number
}

/** Decides the answer to one request. A pure function: the same request and context give the same reply. */
export type Scenario = (request: ModelRequest, context: ScenarioContext) => Reply
