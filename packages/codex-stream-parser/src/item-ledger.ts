import { bounded, createNameCounter, type JsonObject, memberOf, textOf } from '@agent-jobs/stream-parser-core'
import { createRepeatFilter } from './repeat-filter.ts'

/** The state of an item: `item.started`, `item.updated`, `item.completed`. */
export type ItemPhase = 'item_started' | 'item_updated' | 'item_completed'

/** The last message of the model. */
export interface MessageFacts {
  readonly line: number
  readonly text: string
  /** A tool was called after it. */
  readonly followedByTool: boolean
}

/** Counts items, each once, and keeps the last message. */
export interface ItemLedger {
  take(phase: ItemPhase, item: JsonObject, line: number): void
  turnStarted(): void
  /** The CLI says that it asks the model again. */
  retry(): void
  readonly lastMessage: MessageFacts | null
  report(): ItemReport
}

/** The totals of the items of a run. */
export interface ItemReport {
  messages: number
  /** Messages and thoughts that a retried response printed again; not in `messages`. */
  repeatedTexts: number
  toolCalls: number
  toolCallsByName: Record<string, number>
  /** Calls that failed, commands with an exit code other than 0 included. They do not fail the run. */
  toolErrors: number
  /** Calls without an end: a command that still ran when the turn ended, or when the process was killed. */
  unfinishedToolCalls: number
  /** Sub-agents that were started. */
  subagents: number
  /** Warnings that the CLI printed as items. */
  warnings: number
  lastWarning: string | null
  /** The transcript could not be saved, so the session cannot be resumed. */
  transcriptUnsaved: boolean
}

const maxOpen = 10_000
const maxWarningChars = 2_000
const unsaved = /^Failed to save the conversation transcript/

/** See {@link ItemLedger}. */
export function createItemLedger(maxResultChars: number): ItemLedger {
  const tools = createNameCounter()
  const repeats = createRepeatFilter()
  const open = new Set<string>()
  const count = { messages: 0, repeated: 0, errors: 0, subagents: 0, warnings: 0 }
  // Ids are `item_0`, `item_1`, … in the order in which items begin.
  let highest = -1
  let messageLine = 0
  let messageText: string | null = null
  let toolSinceMessage = false
  let lastWarning: string | null = null
  let transcriptUnsaved = false

  function takeText(type: 'agent_message' | 'reasoning', item: JsonObject, line: number): void {
    const text = typeof item['text'] === 'string' ? item['text'] : ''
    const repeated = repeats.text(type, text)
    if (repeated) count.repeated++
    if (type !== 'agent_message') return
    if (!repeated) count.messages++
    messageLine = line
    messageText = bounded(text, maxResultChars)
    toolSinceMessage = false
  }

  function takeTool(phase: ItemPhase, type: string, item: JsonObject): void {
    const id = typeof item['id'] === 'string' ? item['id'] : ''
    const wasOpen = open.has(id)
    if (!wasOpen && isKnown(id)) return
    if (!wasOpen) begin(type, item)
    if (phase === 'item_completed') {
      open.delete(id)
      if (textOf(item, 'status') === 'failed' || memberOf(item, 'error') instanceof Object) count.errors++
      repeats.toolEnded()
    } else if (!wasOpen && open.size < maxOpen) open.add(id)
  }

  function begin(type: string, item: JsonObject): void {
    tools.add(toolName(type, item))
    toolSinceMessage = true
    if (type === 'collab_tool_call' && textOf(item, 'tool') === 'spawn_agent') count.subagents++
  }

  /** True for an id that has begun before. Ids of another form are taken for new ones. */
  function isKnown(id: string): boolean {
    const number = itemNumber(id)
    if (number === null) return false
    if (number <= highest) return true
    highest = number
    return false
  }

  function takeWarning(item: JsonObject): void {
    const text = textOf(item, 'message') ?? ''
    count.warnings++
    lastWarning = bounded(text, maxWarningChars)
    if (unsaved.test(text)) transcriptUnsaved = true
  }

  return {
    take(phase, item, line) {
      const { type } = item
      switch (type) {
        case 'agent_message':
        case 'reasoning':
          if (phase === 'item_completed') takeText(type, item, line)
          return
        case 'error':
          if (phase === 'item_completed') takeWarning(item)
          return
        case 'todo_list':
          return
        default:
          if (typeof type === 'string') takeTool(phase, type, item)
      }
    },
    turnStarted: () => repeats.reset(),
    retry: () => repeats.retry(),
    get lastMessage() {
      return messageText === null ? null : { line: messageLine, text: messageText, followedByTool: toolSinceMessage }
    },
    report: () => ({
      messages: count.messages,
      repeatedTexts: count.repeated,
      toolCalls: tools.total,
      toolCallsByName: tools.toRecord(),
      toolErrors: count.errors,
      unfinishedToolCalls: open.size,
      subagents: count.subagents,
      warnings: count.warnings,
      lastWarning,
      transcriptUnsaved,
    }),
  }
}

/** The number in `item_12`; null for an id of another form. */
function itemNumber(id: string): number | null {
  if (!id.startsWith('item_') || id.length === 5 || id.length > 14) return null
  let number = 0
  for (let at = 5; at < id.length; at++) {
    const digit = id.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return null
    number = number * 10 + digit
  }
  return number
}

/** What a tool call is counted and shown as. */
export function toolName(type: string, item: JsonObject): string {
  if (type === 'mcp_tool_call') return `${textOf(item, 'server') ?? ''}/${textOf(item, 'tool') ?? ''}`
  if (type === 'collab_tool_call') return textOf(item, 'tool') ?? type
  return type
}
