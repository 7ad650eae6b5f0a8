import { judgeRun, type RunEvidence } from '@agent-jobs/agent-run'
import type { AdapterExecutionResult } from '@paperclipai/adapter-utils'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import { errorFamily } from './error-family.ts'
import { mayPass, nameOfRunCode } from './outcome-codes.ts'

/** How a run is reported to Paperclip. */
export type RunConclusion =
  | { kind: 'succeeded'; warning: string | null }
  | {
      kind: 'failed'
      /** The code of the verdict, the same as on the command line. */
      code: string
      /** The name that Paperclip's users know it by. */
      errorCode: string
      errorMessage: string
      errorFamily: NonNullable<AdapterExecutionResult['errorFamily']> | null
      clearSession: boolean
      timedOut: boolean
      /** False when it is certain that the agent never started. */
      began: boolean
      /** False when its process may still be running. */
      stopped: boolean
    }

// For agents whose parser does not say it (`AgentSummary.clearSession`): these stay as long as the session is the same.
const clearing = new Set(['session_unavailable', 'max_turns', 'context_overflow'])

/** Judges a run by the shared rule of `@agent-jobs/agent-run` and adds what Paperclip needs to know about a failure. */
export function concludeRun(
  definition: Pick<AgentDefinition, 'title' | 'errorNames' | 'ownErrors'>,
  input: Omit<RunEvidence, 'title'>,
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
    clearSession: own?.clearsSession ?? input.summary.clearSession ?? clearing.has(code),
    timedOut: false,
  }
}
