import {
  bounded,
  createLineTally,
  createNameCounter,
  isAboutConversation,
  isJsonObject,
  type JsonObject,
  objectOf,
  readProviderError,
  type RunRecorder,
  textOf,
} from '@agent-jobs/stream-parser-core'
import type { CodexSummary } from './codex-summary.ts'
import type { CodexEvent } from './events.ts'
import type { Verdict } from './evidence.ts'
import { createItemLedger } from './item-ledger.ts'
import { judge } from './judge.ts'
import { readRetryHint, retryTime } from './retry-time.ts'
import { threadTime } from './thread-time.ts'
import { type CodexUsage, noUsage, readTokens, type UsageBasis, usageSince } from './thread-usage.ts'

/** What a recorder needs to know besides the stream. */
export interface RecorderOptions {
  readonly maxResultChars: number
  /** What the thread had used before this run; null for a new thread, undefined when it is not known. */
  readonly previousUsage: CodexUsage | null | undefined
  readonly now: (() => number) | undefined
  readonly timeZone: string
}

const maxIdChars = 500
const maxMessageChars = 16_000
const retryNotice = 'Reconnecting...'

interface TurnFailure {
  readonly line: number
  readonly message: string
  readonly atMs: number | null
}

/** Makes the recorder of one run. */
export function createRunRecorder(options: RecorderOptions): RunRecorder<CodexEvent['kind'], CodexSummary> {
  const items = createItemLedger(options.maxResultChars)
  const unknown = createNameCounter()
  const lines = createLineTally()
  let sessionId: string | null = null
  let turns = 0
  let completed: number | null = null
  let threadUsage: CodexUsage | null = null
  let failed: TurnFailure | null = null
  let retries = 0
  let lastRetry: string | null = null

  function takeError(value: JsonObject): void {
    const { message } = value
    if (typeof message !== 'string' || !message.startsWith(retryNotice)) return
    retries++
    lastRetry = bounded(message, maxMessageChars)
    items.retry()
  }

  function takeEnd(kind: 'turn_completed' | 'turn_failed', value: JsonObject, line: number): void {
    // The first end counts: a process has one turn, so what looks like a second is not Codex's.
    if (completed !== null || failed !== null) return
    if (kind === 'turn_completed') {
      completed = line
      const usage = objectOf(value, 'usage')
      threadUsage = usage === null ? null : readTokens(usage)
    } else {
      const message = bounded(textOf(objectOf(value, 'error'), 'message') ?? '', maxMessageChars)
      failed = { line, message, atMs: options.now?.() ?? null }
    }
  }

  return {
    event(kind, value, line) {
      lines.event(line)
      switch (kind) {
        case 'item_started':
        case 'item_updated':
        case 'item_completed':
          return isJsonObject(value['item']) ? items.take(kind, value['item'], line) : undefined
        case 'thread_started':
          sessionId ??= bounded(textOf(value, 'thread_id') ?? '', maxIdChars)
          return
        case 'turn_started':
          turns = 1
          return items.turnStarted()
        case 'turn_completed':
        case 'turn_failed':
          return takeEnd(kind, value, line)
        case 'error':
          return takeError(value)
        default:
          unknown.add(textOf(value, 'type') ?? '(no type)')
      }
    },
    text: lines.text,
    cut: lines.cut,
    oversize: lines.oversize,
    get finished() {
      return completed !== null || failed !== null
    },
    get sessionId() {
      return sessionId
    },
    summary(end) {
      const { lastMessage } = items
      const verdict = judge(
        {
          events: lines.counts.events,
          lastLine: lines.counts.total,
          turnStarted: turns > 0,
          completed,
          failed,
          lastMessage,
          lastRetry,
          cut: lines.counts.cut,
          oversizeLines: lines.counts.oversize,
          stdoutText: lines.stdoutText,
        },
        end,
      )
      return {
        sessionId,
        model: null,
        result: completed === null ? null : (lastMessage?.text ?? null),
        lastText: lastMessage?.text ?? null,
        ...usageOf(threadUsage, options.previousUsage),
        threadUsage: threadUsage === null ? null : { ...threadUsage },
        costUsd: null,
        numTurns: turns,
        durationMs: null,
        isError: verdict.code !== null,
        errorCode: verdict.code,
        errorMessage: verdict.message,
        evidence: verdict.evidence,
        clearSession: clearsSession(verdict, failed),
        ...items.report(),
        finished: completed !== null || failed !== null,
        retries,
        lastRetry,
        retryNotBeforeMs: failed === null ? null : retryNotBefore(failed, sessionId, options.timeZone),
        unknownEvents: unknown.total,
        unknownTypes: unknown.toRecord(),
        lines: { ...lines.counts },
      }
    },
  }
}

/** Problems of an account, model, network or setting do not clear the conversation. */
function clearsSession({ code }: Verdict, failed: TurnFailure | null): boolean {
  if (code === 'session_unavailable' || code === 'context_overflow') return true
  return code === 'bad_request' && isAboutConversation(readProviderError(failed?.message))
}

function usageOf(
  total: CodexUsage | null,
  previous: CodexUsage | null | undefined,
): { usage: CodexUsage; usageBasis: UsageBasis } {
  if (total === null) return { usage: noUsage(), usageBasis: 'none' }
  if (previous === undefined) return { usage: { ...total }, usageBasis: 'session_cumulative' }
  const run = usageSince(total, previous ?? noUsage())
  return run === null
    ? { usage: { ...total }, usageBasis: 'session_cumulative' }
    : { usage: run, usageBasis: 'per_run' }
}

/** The stream has no times. Without a clock, the id of the thread tells when it was made, which is now for a new one. */
function retryNotBefore({ message, atMs }: TurnFailure, sessionId: string | null, timeZone: string): number | null {
  const hint = readRetryHint(message)
  if (hint === null) return null
  const saidAtMs = atMs ?? threadTime(sessionId)
  if (saidAtMs !== null) return retryTime(hint, { saidAtMs, timeZone })
  return hint.kind === 'at' && hint.date !== null ? retryTime(hint, { saidAtMs: 0, timeZone }) : null
}
