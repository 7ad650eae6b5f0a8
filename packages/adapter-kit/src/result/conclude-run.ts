import { judgeRun, type AgentSummary, type RunEvidence } from '@agent-jobs/agent-run'
import type { AdapterExecutionResult } from '@paperclipai/adapter-utils'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import { errorFamily } from './error-family.ts'
import { mayPass, nameOfRunCode } from './outcome-codes.ts'

/** How a run is reported to Paperclip. */
export type RunConclusion =
  | { kind: 'succeeded'; warning: string | null }
  | {
      kind: 'failed'
      /** The code that the run is judged by, the same on the command line. */
      code: string
      /** The name under which Paperclip's users know it. */
      errorCode: string
      errorMessage: string
      errorFamily: NonNullable<AdapterExecutionResult['errorFamily']> | null
      clearSession: boolean
      timedOut: boolean
      /** False when it is certain that the agent never began. */
      began: boolean
      /** False when its process may still be running. */
      stopped: boolean
    }

// These cannot pass for as long as the session is the same.
const clearing = new Set(['session_unavailable', 'max_turns', 'context_overflow'])

/**
 * A conversation that the model API refuses to read, before it has said a word, would be refused in every later run of
 * its task: a damaged message stays in it.
 */
function isPoisoned({ errorCode, usage }: AgentSummary, resumed: boolean): boolean {
  return resumed && errorCode === 'bad_request' && usage.outputTokens === 0
}

/** Judges a run by the one rule of `@agent-jobs/agent-run` and adds what Paperclip needs to know about a failure. */
export function concludeRun(
  definition: Pick<AgentDefinition, 'title' | 'errorNames' | 'ownErrors'>,
  input: Omit<RunEvidence, 'title'> & {
    /** The run continued a session. */
    resumed: boolean
  },
): RunConclusion {
  const { title, errorNames, ownErrors = {} } = definition
  const judged = judgeRun({ ...input, title })
  if (judged.kind === 'succeeded') return judged
  const { code, message, began, stopped } = judged
  const common = { kind: 'failed', code, errorMessage: message, began, stopped } as const
  if (judged.source === 'run') {
    return {
      ...common,
      errorCode: nameOfRunCode(code),
      errorFamily: mayPass(input.outcome) ? 'transient_upstream' : null,
      clearSession: false,
      timedOut: code === 'deadline_exceeded',
    }
  }
  const own = Object.hasOwn(ownErrors, code) ? ownErrors[code] : undefined
  return {
    ...common,
    errorCode: Object.hasOwn(errorNames, code) ? (errorNames[code] ?? code) : code,
    errorFamily: own?.mayPass === true ? 'transient_upstream' : errorFamily(code),
    clearSession: own?.clearsSession ?? (clearing.has(code) || isPoisoned(input.summary, input.resumed)),
    timedOut: false,
  }
}
