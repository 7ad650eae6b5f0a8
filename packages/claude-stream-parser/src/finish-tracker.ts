import { type FinishRule, isJsonObject, type JsonObject, parseJson, textOf } from '@agent-jobs/stream-parser-core'
import { createTurnTracker } from './turn-tracker.ts'

const result = ['"type":"result"', '"subtype":"', '"session_id":"', '"duration_api_ms":']
// Lines that may hold objects of any shape: what a tool was given or returned.
const others = [['"type":"assistant"'], ['"type":"user"']]
// Printed on `--resume` before the prompt's own turn: docs/agent-clis.md#results-that-are-not-the-prompts.
const ofTask = ['"num_turns":0,', '"num_turns":0}'].map((turns) => [turns, '"kind":"task-notification"'])
const tasksChanged = ['"type":"system"', '"subtype":"background_tasks_changed"']

/** How many texts in a row the agent may write without a tool call or an end, before it counts as a loop. */
const maxTextsWithoutTool = 100

/**
 * For a launcher that may not parse: when Claude Code has finished its work. A result ends a turn; a turn that begins
 * (`init`) takes "finished" back; between two lists of background tasks, the first one not empty, work goes on.
 */
export const finishRule: FinishRule = {
  workDone: [
    { includes: [...result, '"queued_turn_count":0'], unless: [...ofTask, ...others] },
    { includes: result, unless: [['"queued_turn_count":'], ...ofTask, ...others] },
  ],
  turnBegins: [{ includes: ['"type":"system"', '"subtype":"init"'], unless: others }],
  turnEnds: [{ includes: result, unless: others }],
  turnsOverlap: true,
  heldFrom: [{ includes: [...tasksChanged, '"tasks":[{'], unless: others }],
  heldUntil: [{ includes: [...tasksChanged, '"tasks":[]'], unless: others }],
  loop: {
    step: [{ includes: ['"type":"assistant"', '"parent_tool_use_id":null', '"type":"text"'] }],
    progress: [{ includes: ['"type":"tool_use"'] }, { includes: ['"type":"tool_result"'] }, { includes: result }],
    maxSteps: maxTextsWithoutTool,
  },
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
