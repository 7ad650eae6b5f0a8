import type { JsonObject, LineEvent } from '@agent-jobs/stream-parser-core'

interface Line<Type extends string> {
  readonly type: Type
  /** When it was printed, in ms since 1970; `part.time` says when it happened. */
  readonly timestamp: number
  readonly sessionID: string
}

interface Part<Type extends string> {
  /** Unique for each line; the only thing to key on. */
  readonly id: string
  readonly messageID: string
  readonly sessionID: string
  readonly type: Type
}

interface Span {
  readonly start: number
  readonly end?: number
}

/** A model call began. */
export interface StepStartEvent extends Line<'step_start'> {
  readonly part: Part<'step-start'> & { readonly snapshot?: string }
}

/** A text of the model, printed once when it is complete. */
export interface TextEvent extends Line<'text'> {
  readonly part: Part<'text'> & {
    readonly text: string
    readonly time?: Span
    /** Written by the CLI, not by the model. */
    readonly synthetic?: boolean
    readonly metadata?: { readonly compaction_continue?: boolean } & JsonObject
  }
}

/** What the model thought; only with `--thinking`. */
export interface ReasoningEvent extends Line<'reasoning'> {
  readonly part: Part<'reasoning'> & { readonly text: string; readonly time?: Span; readonly metadata?: JsonObject }
}

/** How a tool call ended. A command that exits with an error is `completed`; its code is in `metadata.exit`. */
export type ToolState =
  | {
      readonly status: 'completed'
      readonly input: unknown
      readonly output: string
      readonly title?: string
      readonly metadata?: JsonObject
      readonly time?: Span
      readonly attachments?: readonly unknown[]
    }
  | {
      readonly status: 'error'
      readonly input: unknown
      readonly error: string
      readonly metadata?: JsonObject
      readonly time?: Span
    }

/** A tool call at its end. An unknown or denied tool is called `invalid`. */
export interface ToolUseEvent extends Line<'tool_use'> {
  readonly part: Part<'tool'> & { readonly tool: string; readonly callID: string; readonly state: ToolState }
}

/** Tokens of one step. */
export interface StepTokens {
  readonly total?: number
  /** Without what was read from or written to the cache. */
  readonly input: number
  /** Without reasoning. */
  readonly output: number
  readonly reasoning: number
  readonly cache: { readonly read: number; readonly write: number }
}

/** A model call ended. */
export interface StepFinishEvent extends Line<'step_finish'> {
  readonly part: Part<'step-finish'> & {
    /** `stop`, `tool-calls`, `length`, `content-filter`, `unknown`, … */
    readonly reason: string
    readonly tokens: StepTokens
    readonly cost: number
    readonly snapshot?: string
  }
}

/** Something failed. The run may go on: a context overflow is followed by a compaction. */
export interface ErrorEvent extends Line<'error'> {
  /** Also a text, from plugins and older versions. */
  readonly error:
    | string
    | {
        /** `APIError`, `ContextOverflowError`, `ContentFilterError`, `ProviderAuthError`, `UnknownError`, … */
        readonly name: string
        readonly data?: {
          readonly message?: string
          readonly statusCode?: number
          readonly isRetryable?: boolean
          readonly responseHeaders?: Readonly<Record<string, string>>
          readonly responseBody?: string
          readonly metadata?: JsonObject
          /** Names the entry in the CLI's own log. */
          readonly ref?: string
        }
      }
}

/** JSON that no type here describes, as it came. */
export interface UnknownEvent {
  readonly type: string | null
  readonly value: JsonObject
}

/** What the parser hands on, one for each line, told apart by `kind`. `line` counts from 1. */
export type OpencodeEvent =
  | { readonly kind: 'step_start'; readonly line: number; readonly event: StepStartEvent }
  | { readonly kind: 'text'; readonly line: number; readonly event: TextEvent }
  | { readonly kind: 'reasoning'; readonly line: number; readonly event: ReasoningEvent }
  | { readonly kind: 'tool_use'; readonly line: number; readonly event: ToolUseEvent }
  | { readonly kind: 'step_finish'; readonly line: number; readonly event: StepFinishEvent }
  | { readonly kind: 'error'; readonly line: number; readonly event: ErrorEvent }
  | { readonly kind: 'unknown'; readonly line: number; readonly event: UnknownEvent }
  /** A line that is not a JSON object. */
  | { readonly kind: 'plain'; readonly line: number; readonly text: string }
  /** A line that broke off or was too long. OpenCode loses output at its exit, with exit code 0. */
  | LineEvent
