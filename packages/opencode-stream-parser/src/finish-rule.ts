import type { FinishRule, LinePattern } from '@agent-jobs/stream-parser-core'

/** Finish reasons that OpenCode knows; after any other it asks the model again (docs/agent-clis.md#opencode-loops). */
const knownReasons = ['stop', 'tool-calls', 'length', 'content-filter', 'error'] as const

/** How often in a row a step may end with an unknown finish reason and without a tool call. */
export const maxUnknownSteps = 2

/** True for a finish reason that OpenCode knows. */
export function isKnownReason(reason: string): boolean {
  return knownReasons.some((known) => known === reason)
}

/** Errors of a model call after which OpenCode asks nothing more. Others may come from a plugin while the run goes on. */
const finalErrors = ['APIError', 'ProviderAuthError', 'ContentFilterError', 'MessageAbortedError'] as const

/** True for an error that ends the run. */
export function isFinalError(name: string): boolean {
  return finalErrors.some((final) => final === name)
}

const stepFinish = ['"type":"step_finish"', '"sessionID":"']
const toolUse = ['"type":"tool_use"']
const says = (reason: string): string[] => [`"reason":"${reason}"`]
const finishWith = (reason: string): LinePattern => ({ includes: [...stepFinish, ...says(reason)], unless: [toolUse] })

/**
 * For a launcher that may not parse: when OpenCode has finished its work, and when it never will. A step that does not
 * end in a tool call is an answer, and an error of the model call ends the run; a compaction, or a step that begins,
 * takes it back.
 */
export const finishRule: FinishRule = {
  workDone: [
    { includes: stepFinish, unless: [says('tool-calls'), says('unknown'), toolUse] },
    ...finalErrors.map((name) => ({
      includes: ['"type":"error"', '"sessionID":"', `"name":"${name}"`],
      unless: [toolUse],
    })),
  ],
  turnBegins: [
    { includes: ['"type":"step_start"', '"sessionID":"'], unless: [toolUse] },
    { includes: ['"type":"text"', '"synthetic":true'], unless: [toolUse] },
    { includes: ['"type":"error"', '"name":"ContextOverflowError"'], unless: [toolUse] },
  ],
  loop: {
    step: [{ includes: stepFinish, unless: [...knownReasons.map(says), toolUse] }],
    progress: [{ includes: [...toolUse, '"sessionID":"'] }, ...knownReasons.map(finishWith)],
    maxSteps: maxUnknownSteps,
  },
}
