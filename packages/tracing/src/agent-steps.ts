/** What an agent printed, as far as steps need it: an entry of its transcript. */
export interface StepEntry {
  readonly kind: string
  readonly [member: string]: unknown
}

/** A turn (one answer of the model and the tools that it called) or one tool call. */
export interface AgentStep {
  readonly kind: 'turn' | 'tool'
  /** From 0, in order of their beginning. */
  readonly index: number
  /** The turn that a tool call belongs to; null for turns. */
  readonly turn: number | null
  readonly tool: string | null
  readonly startedAt: number
  readonly endedAt: number
  readonly failed: boolean
}

/** The steps of a run, and how many more it had. */
export interface AgentSteps {
  readonly steps: readonly AgentStep[]
  readonly dropped: number
}

/** Collects the steps of one run from its transcript. */
export interface StepRecorder {
  /** Takes an entry that was printed at `at`, in milliseconds since the epoch. */
  take(entry: StepEntry, at: number): void
  /** The steps until `at`: tool calls that are still open end there. Called once, after the last entry. */
  steps(at: number): AgentSteps
}

// An agent controls its output; a run of a day has a few hundred steps.
const maxSteps = 1_000
const maxOpenTools = 64
const maxNameChars = 64

type OpenStep = { -readonly [member in keyof AgentStep]: AgentStep[member] }
interface OpenTool {
  readonly step: OpenStep
  /** When the entry before the call was printed. */
  readonly before: number
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** Creates a recorder. A run has at most 1,000 steps; later ones are only counted. */
export function createStepRecorder(): StepRecorder {
  const steps: OpenStep[] = []
  const openTools = new Map<string, OpenTool>()
  let turn: OpenStep | null = null
  // The answer to a turn's tool calls begins the next turn.
  let answered = false
  let lastAt: number | null = null
  let dropped = 0

  const add = (step: Omit<OpenStep, 'index'>): OpenStep | null => {
    if (steps.length >= maxSteps) {
      dropped += 1
      return null
    }
    const added = { ...step, index: steps.length }
    steps.push(added)
    return added
  }
  const end = (step: OpenStep, at: number): void => {
    step.endedAt = Math.max(step.startedAt, at)
  }
  const speak = (at: number): void => {
    if (turn !== null && !answered) return end(turn, at)
    const startedAt = Math.min(lastAt ?? at, at)
    turn = add({ kind: 'turn', turn: null, tool: null, startedAt, endedAt: at, failed: false })
    answered = false
  }
  const call = (entry: StepEntry, at: number): void => {
    const before = Math.min(lastAt ?? at, at)
    speak(at)
    const tool = (textOf(entry['name']) || 'unknown').slice(0, maxNameChars)
    const id = textOf(entry['toolUseId']).slice(0, 200) || `${tool} ${steps.length}`
    const step = add({ kind: 'tool', turn: turn?.index ?? null, tool, startedAt: at, endedAt: at, failed: false })
    if (step === null) return
    openTools.set(id, { step, before })
    if (openTools.size > maxOpenTools) openTools.delete(openTools.keys().next().value ?? '')
  }
  const answer = (entry: StepEntry, at: number): void => {
    const id = textOf(entry['toolUseId']).slice(0, 200)
    const open = openTools.get(id)
    if (open !== undefined) {
      const { step, before } = open
      openTools.delete(id)
      // Some agents print a call only when it has ended, together with its result.
      if (step.startedAt === at) step.startedAt = before
      end(step, at)
      step.failed = entry['isError'] === true
    }
    if (turn !== null) end(turn, at)
    answered = true
  }
  return {
    take(entry, at) {
      switch (entry.kind) {
        case 'assistant':
        case 'thinking':
          speak(at)
          break
        case 'tool_call':
          call(entry, at)
          break
        case 'tool_result':
          answer(entry, at)
          break
        case 'result':
          if (turn !== null) end(turn, at)
          answered = true
          break
        default:
          break
      }
      lastAt = at
    },
    steps(at) {
      for (const { step } of openTools.values()) end(step, at)
      return { steps, dropped }
    },
  }
}
