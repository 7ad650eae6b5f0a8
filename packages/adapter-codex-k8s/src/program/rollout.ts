import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { totalOf, type TokenTotal } from './run-report.ts'

/** What a rollout file tells about its thread. */
export interface RolloutFacts {
  /** Total of the thread after its last request; zeros before the first. */
  total: TokenTotal
  model: string | null
  /** Tokens of the largest request after `since`. */
  largestRequest: number | null
  limitResetsAt: number | null
  /** False for the thread of a sub-agent. */
  isMain: boolean
}

const nameOf = /^rollout-.*-([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.jsonl$/i
const maxFolders = 20_000
const chunkBytes = 1024 * 1024
const maxLineBytes = 8 * 1024 * 1024
// Older lines of a larger file are skipped: the last totals are at its end.
const maxBytes = 512 * 1024 * 1024

const noTokens: TokenTotal = {
  input_tokens: 0,
  cached_input_tokens: 0,
  cache_write_input_tokens: 0,
  output_tokens: 0,
  reasoning_output_tokens: 0,
}

/** The rollout files below a folder of sessions, by thread id. Codex sorts them into `YYYY/MM/DD`. */
export function listRollouts(folder: string): Map<string, string> {
  const found = new Map<string, string>()
  const folders = [{ path: folder, depth: 0 }]
  for (let at = 0; at < folders.length && at < maxFolders; at++) {
    const { path, depth } = folders[at] ?? { path: folder, depth: 0 }
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      const id = entry.isFile() ? nameOf.exec(entry.name)?.[1] : undefined
      if (id !== undefined) found.set(id.toLowerCase(), join(path, entry.name))
      else if (entry.isDirectory() && depth < 3) folders.push({ path: join(path, entry.name), depth: depth + 1 })
    }
  }
  return found
}

/** Why a thread cannot be continued from this file, or null. Broken lines are harmless (docs/agent-clis.md). */
export function rolloutProblem(file: string): string | null {
  const { size } = statSync(file)
  if (size === 0) return 'its rollout file is empty'
  const head = readPart(file, 0, Math.min(size, chunkBytes))
  const lastLine = head.lastIndexOf(10)
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(lastLine < 0 ? head : head.subarray(0, lastLine))
    return null
  } catch {
    return 'its rollout file is not UTF-8 text'
  }
}

/** Reads totals, model and limits; only requests after the first `sinceBytes` bytes count for the largest one. */
export function readRollout(file: string, sinceBytes = 0): RolloutFacts {
  const facts: RolloutFacts = {
    total: { ...noTokens },
    model: null,
    largestRequest: null,
    limitResetsAt: null,
    isMain: true,
  }
  for (const { text, at } of linesOf(file)) takeLine(facts, text, at >= sinceBytes)
  return facts
}

function takeLine(facts: RolloutFacts, text: string, isNew: boolean): void {
  if (!/"(?:token_count|turn_context|session_meta)"/.test(text)) return
  let line: unknown
  try {
    line = JSON.parse(text)
  } catch {
    return
  }
  const payload = member(line, 'payload')
  switch (member(line, 'type')) {
    case 'session_meta':
      facts.isMain = typeof member(payload, 'source') === 'string'
      return
    case 'turn_context': {
      const model = member(payload, 'model')
      if (typeof model === 'string') facts.model = model.slice(0, 200)
      return
    }
    case 'event_msg':
      if (member(payload, 'type') === 'token_count') takeTokens(facts, payload, isNew)
      return
    default:
  }
}

function takeTokens(facts: RolloutFacts, payload: unknown, isNew: boolean): void {
  const info = member(payload, 'info')
  facts.total = totalOf(member(info, 'total_token_usage')) ?? facts.total
  const last = totalOf(member(info, 'last_token_usage'))
  if (isNew && last !== null) {
    facts.largestRequest = Math.max(facts.largestRequest ?? 0, last.input_tokens + last.output_tokens)
  }
  facts.limitResetsAt = limitReset(member(payload, 'rate_limits'))
}

/** The latest reset among the windows that are used up, in ms since 1970. */
function limitReset(limits: unknown): number | null {
  const resets = ['primary', 'secondary'].flatMap((name) => {
    const window = member(limits, name)
    const [used, seconds] = [member(window, 'used_percent'), member(window, 'resets_at')]
    return typeof used === 'number' && used >= 100 && typeof seconds === 'number' ? [Math.round(seconds * 1000)] : []
  })
  return resets.length === 0 ? null : Math.max(...resets)
}

function member(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? (value as Record<string, unknown>)[key]
    : undefined
}

function* linesOf(file: string): Generator<{ text: string; at: number }> {
  const { size } = statSync(file)
  let parts: Buffer[] = []
  let held = 0
  let lineStart = Math.max(0, size - maxBytes)
  for (let at = lineStart; at < size;) {
    const chunk = readPart(file, at, Math.min(chunkBytes, size - at))
    if (chunk.length === 0) break
    let from = 0
    for (let end = chunk.indexOf(10); end >= 0; end = chunk.indexOf(10, from)) {
      if (held + end - from <= maxLineBytes) {
        yield { text: Buffer.concat([...parts, chunk.subarray(from, end)]).toString('utf8'), at: lineStart }
      }
      parts = []
      held = 0
      from = end + 1
      lineStart = at + from
    }
    held += chunk.length - from
    // A line over the limit is not kept; it is skipped up to its newline.
    parts = held > maxLineBytes ? [] : [...parts, chunk.subarray(from)]
    at += chunk.length
  }
}

function readPart(file: string, at: number, length: number): Buffer {
  const handle = openSync(file, 'r')
  try {
    const buffer = Buffer.alloc(length)
    return buffer.subarray(0, readSync(handle, buffer, 0, length, at))
  } finally {
    closeSync(handle)
  }
}
