import {
  isJsonObject,
  type JsonObject,
  listOf,
  memberOf,
  numberOf,
  objectOf,
  textOf,
} from '@agent-jobs/stream-parser-core'

/**
 * Knows whether the agent has finished its work: a result came, every turn that began has its result, and no
 * background task is pending. A result alone is not the end: with a background task the run goes on, and on `--resume` a
 * result of a task of the earlier run comes before the prompt's own turn. The launcher follows the same rule by strings
 * ({@link finishRule}); a test holds them together.
 */
export interface TurnTracker {
  system(event: JsonObject): void
  result(event: JsonObject): void
  readonly finished: boolean
  /** A turn began whose result has not come. */
  readonly turnOpen: boolean
  /** A background task was stopped or killed after the last result, so what it was to tell the model is lost. */
  readonly taskStopped: boolean
  /** Background tasks that have not ended. */
  readonly pendingTasks: number
}

const maxTasks = 10_000
const endedStatuses: ReadonlySet<string> = new Set(['completed', 'failed', 'killed', 'stopped'])

/** See {@link TurnTracker}. */
export function createTurnTracker(): TurnTracker {
  const running = new Set<string>()
  let isDone = false
  let openTurns = 0
  // A background task ended after the last result: the CLI begins another turn to tell the model.
  let turnOwed = false
  let queued = false
  let taskStopped = false
  // From the first full list on, only lists add tasks: they say which tasks the agent does not wait for.
  let listed = false

  function began(task: string): void {
    if (!listed && running.size < maxTasks) running.add(task)
  }

  function ended(task: string, status: string | null): void {
    if (!running.delete(task)) return
    if (status === 'stopped' || status === 'killed') taskStopped = true
    else turnOwed = true
  }

  return {
    system(event) {
      const task = textOf(event, 'task_id')
      switch (textOf(event, 'subtype')) {
        case 'init':
          openTurns++
          turnOwed = false
          return
        case 'task_started':
          if (task !== null && memberOf(event, 'is_backgrounded') === true) began(task)
          return
        case 'task_updated': {
          if (task === null) return
          const patch = objectOf(event, 'patch')
          const status = textOf(patch, 'status')
          if (status !== null && endedStatuses.has(status)) ended(task, status)
          else if (memberOf(patch, 'is_backgrounded') === true) began(task)
          return
        }
        case 'task_notification':
          if (task !== null) ended(task, textOf(event, 'status'))
          return
        case 'background_tasks_changed':
          // The full set: it replaces what was known.
          listed = true
          running.clear()
          for (const entry of listOf(event, 'tasks').slice(0, maxTasks)) {
            if (!isJsonObject(entry) || memberOf(entry, 'ambient') === true || memberOf(entry, 'off_host') === true)
              continue
            const id = textOf(entry, 'task_id')
            if (id !== null) running.add(id)
          }
          return
        default:
      }
    },
    result(event) {
      openTurns = Math.max(0, openTurns - 1)
      isDone ||= !isOfTaskAlone(event)
      turnOwed = false
      taskStopped = false
      queued = (numberOf(event, 'queued_turn_count') ?? 0) > 0
    },
    get finished() {
      return isDone && openTurns === 0 && running.size === 0 && !turnOwed && !queued
    },
    get turnOpen() {
      return openTurns > 0
    },
    get taskStopped() {
      return taskStopped
    },
    get pendingTasks() {
      return running.size
    },
  }
}

/** A result of a background task that no model was asked about: it is not the prompt's, whatever else it says. */
export function isOfTaskAlone(result: JsonObject): boolean {
  return numberOf(result, 'num_turns') === 0 && textOf(objectOf(result, 'origin'), 'kind') === 'task-notification'
}
