import { isJsonObject, type JsonObject, parseJson, textOf } from '@agent-jobs/stream-parser-core'
import { createTurnTracker } from './turn-tracker.ts'

/**
 * For a launcher that may not parse: strings that all stand in one line. The four of `stdoutLineIncludes` mark the
 * end of a turn and stand together in no other line that Claude Code 2.1 prints, also not where a tool's input
 * happens to hold `{"type":"result"}`. Between `heldFrom` and `heldUntil` background tasks are running.
 */
export const finishRule: {
  readonly stdoutLineIncludes: string[]
  readonly heldFrom: string[]
  readonly heldUntil: string[]
} = {
  stdoutLineIncludes: ['"type":"result"', '"subtype":"', '"session_id":"', '"duration_api_ms":'],
  heldFrom: ['"type":"system"', '"subtype":"background_tasks_changed"', '"tasks":[{'],
  heldUntil: ['"type":"system"', '"subtype":"background_tasks_changed"', '"tasks":[]'],
}

/** `finishRule.stdoutLineIncludes` alone: a line that has all of these ends a turn. */
export const resultLineMarkers: readonly string[] = finishRule.stdoutLineIncludes

/** True for a `result` line, whatever the order of its keys. Parses only lines that look like one. */
export function isResultLine(line: string): boolean {
  if (!line.includes('"result"')) return false
  const value = parseJson(line)
  return isJsonObject(value) && textOf(value, 'type') === 'result' && textOf(value, 'subtype') !== null
}

/** Says from the lines of a run whether the agent has finished its work. */
export interface FinishTracker {
  /** Takes one line; true while a result is there and nothing is pending. A later line can make it false again. */
  line(line: string): boolean
  readonly finished: boolean
}

const looksRelevant =
  /"type":"result"|"subtype":"(?:init|task_started|task_updated|task_notification|background_tasks_changed)"/

/**
 * Cheap: only the few lines that begin or end turns and tasks are parsed. The process may go on after `finished`
 * (a background task can end and start a turn), so wait a grace before stopping it.
 */
export function createFinishTracker(): FinishTracker {
  const turns = createTurnTracker()
  const take = (value: JsonObject): void => {
    const type = textOf(value, 'type')
    if (type === 'system') turns.system(value)
    else if (type === 'result' && textOf(value, 'subtype') !== null) turns.result(value)
  }
  return {
    line(line) {
      if (looksRelevant.test(line)) {
        const value = parseJson(line)
        if (isJsonObject(value)) take(value)
        else if (Array.isArray(value)) for (const element of value) if (isJsonObject(element)) take(element)
      }
      return turns.finished
    },
    get finished() {
      return turns.finished
    },
  }
}
