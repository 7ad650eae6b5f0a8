import {
  type AgentErrorCode,
  endSignal,
  isStopSignal,
  judgeSilence,
  type ProcessEnd,
  type SilentCli,
} from '@agent-jobs/stream-parser-core'
import { classifyFailure } from './classify-failure.ts'
import type { Evidence, Verdict } from './evidence.ts'
import type { MessageFacts } from './item-ledger.ts'
import { unknownThreadIn, errorText, panicText } from './startup-text.ts'

/** Everything a verdict may rest on. */
export interface RunFacts {
  /** Lines that were JSON objects. */
  readonly events: number
  readonly lastLine: number
  readonly turnStarted: boolean
  /** Line of the `turn.completed`. */
  readonly completed: number | null
  readonly failed: { readonly line: number; readonly message: string } | null
  readonly lastMessage: MessageFacts | null
  /** The last `error` line. It explains a run that was stopped, and decides nothing. */
  readonly lastRetry: string | null
  readonly cut: boolean
  readonly oversizeLines: number
  /** Lines of stdout that were not JSON, the first few. */
  readonly stdoutText: string
}

const panicExit = 101

const silentCli: SilentCli = {
  name: 'Codex',
  eventOptions: '--json',
  nothing: 'Codex printed nothing at all.',
  unknownSession: unknownThreadIn,
  errorLine: errorText,
  codeOfStartupLine: () => 'start_failed',
}

/** Judges a run from `turn.completed`, `turn.failed` and the end of the process. A pure function. */
export function judge(facts: RunFacts, end: ProcessEnd): Verdict {
  if (facts.failed) return judgeFailure(facts.failed)
  if (facts.completed !== null) return judgeCompleted(facts, facts.completed, end)
  const signal = endSignal(end)
  if (signal !== null) return judgeSignal(facts, signal, end)
  return judgeNoEnd(facts, end)
}

function judgeFailure({ line, message }: { line: number; message: string }): Verdict {
  const verdict = classifyFailure(message)
  return fail(verdict.code, verdict.message || 'The turn failed without a reason.', {
    source: 'turn.failed',
    field: 'error.message',
    value: message.slice(0, 500),
    line,
  })
}

function judgeCompleted({ lastMessage }: RunFacts, line: number, end: ProcessEnd): Verdict {
  const completed: Evidence = { source: 'turn.completed', field: 'type', value: 'turn.completed', line }
  const empty = emptiness(lastMessage)
  if (empty !== null) return fail('empty_response', empty.message, completed, empty.evidence)
  // A signal after the end of the turn stopped a process that had nothing more to do.
  if (end.exitCode != null && end.exitCode !== 0 && endSignal(end) === null) {
    return fail('agent_failed', `The turn completed, but Codex exited with ${end.exitCode}.`, completed, ...exitOf(end))
  }
  return { code: null, message: null, evidence: [completed, ...exitOf(end)] }
}

function emptiness(message: MessageFacts | null): { message: string; evidence: Evidence } | null {
  if (message === null) {
    const evidence: Evidence = { source: 'stream', field: 'agent_message', value: null }
    return { message: 'The model gave no answer: the turn completed without a message.', evidence }
  }
  const at = { source: 'item.completed', line: message.line } as const
  if (message.text.trim() === '') {
    return { message: 'The model gave an empty answer.', evidence: { ...at, field: 'item.text', value: '' } }
  }
  if (!message.followedByTool) return null
  const evidence: Evidence = { ...at, field: 'item.text', value: message.text.slice(0, 200) }
  return { message: 'The model gave no answer after its last tool call.', evidence }
}

function judgeSignal(facts: RunFacts, signal: string, end: ProcessEnd): Verdict {
  const seen: Evidence = end.signal
    ? { source: 'signal', field: 'signal', value: signal }
    : { source: 'exit_code', field: 'exitCode', value: end.exitCode ?? null }
  if (!isStopSignal(signal)) return fail('agent_failed', `Codex crashed with ${signal}.`, seen)
  const waiting = facts.lastRetry === null ? '' : ` Before that it said: ${facts.lastRetry}`
  return fail('interrupted', `Codex was stopped by ${signal} before its turn ended.${waiting}`, seen, noEnd(facts))
}

function judgeNoEnd(facts: RunFacts, end: ProcessEnd): Verdict {
  const { exitCode } = end
  const panic = exitCode === panicExit ? panicText(end.stderr ?? '') : null
  if (panic !== null) {
    return fail('agent_failed', `Codex crashed: ${panic}`, ...exitOf(end), {
      source: 'stderr',
      field: 'text',
      value: panic,
    })
  }
  if (facts.events === 0 && !facts.cut && facts.oversizeLines === 0)
    return judgeSilence(silentCli, facts.stdoutText, end)
  if (facts.cut) {
    return fail('truncated', 'The output ends in the middle of a line.', lastLine(facts, 'cut'), ...exitOf(end))
  }
  if (!facts.turnStarted) return judgeNoTurn(facts, end)
  // The only way in which Codex ends a turn with exit code 1 and no word: SIGINT, after it has stopped its command.
  if (exitCode === 1) {
    const message = 'Codex exited with 1 in the middle of its turn without a reason, as it does on SIGINT.'
    return fail('interrupted', message, ...exitOf(end), noEnd(facts))
  }
  if (exitCode != null && exitCode !== 0) {
    return fail('agent_failed', `Codex exited with ${exitCode} in the middle of its turn.`, ...exitOf(end))
  }
  return fail('truncated', 'The output ends before the turn does.', noEnd(facts), ...exitOf(end))
}

/** The thread was opened and no turn began: a prompt that is too long ends so. */
function judgeNoTurn(facts: RunFacts, end: ProcessEnd): Verdict {
  const stderr = end.stderr ?? ''
  const said = errorText(stderr)
  if (end.exitCode != null && end.exitCode !== 0 && said !== null) {
    return fail(
      unknownThreadIn(stderr) === null ? 'start_failed' : 'session_unavailable',
      said,
      { source: 'stderr', field: 'text', value: said },
      ...exitOf(end),
    )
  }
  return fail(
    'truncated',
    'The output ends before the turn begins.',
    lastLine(facts, 'no turn.started'),
    ...exitOf(end),
  )
}

function exitOf({ exitCode }: ProcessEnd): Evidence[] {
  return exitCode == null ? [] : [{ source: 'exit_code', field: 'exitCode', value: exitCode }]
}

function noEnd(facts: RunFacts): Evidence {
  return lastLine(facts, 'no turn.completed and no turn.failed')
}

function lastLine({ lastLine: line }: RunFacts, value: string): Evidence {
  return { source: 'stream', field: 'last line', value, line }
}

function fail(code: AgentErrorCode, message: string, ...evidence: Evidence[]): Verdict {
  return { code, message, evidence }
}
