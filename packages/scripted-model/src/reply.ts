/** One part of an answer. */
export type ReplyBlock =
  | { readonly type: 'text'; readonly text: string }
  | { readonly type: 'thinking'; readonly text: string }
  | { readonly type: 'tool'; readonly name: string; readonly input: { readonly [key: string]: unknown } }

/** Why the model stopped; `none` leaves the stop reason out, as a broken service does. */
export type StopReason = 'end' | 'tool' | 'length' | 'refusal' | 'none'

/** An answer: blocks, and how the connection behaves while they are sent. */
export interface MessageReply {
  readonly kind: 'message'
  readonly blocks: readonly ReplyBlock[]
  /** Default: `tool` when a block calls a tool, else `end`. */
  readonly stop?: StopReason
  /** Pause between two pieces of the stream, in milliseconds. Default 0. */
  readonly pieceDelayMs?: number
  /** Silence before the first byte of the answer, in milliseconds. Default 0. */
  readonly startDelayMs?: number
  /** Cut the connection after this many pieces of content. */
  readonly cutAfterPieces?: number
}

/** An HTTP error in the form of the API that was called. */
export interface ErrorReply {
  readonly kind: 'error'
  readonly status: number
  readonly type: string
  readonly message: string
  readonly headers?: Readonly<Record<string, string>>
  /** Further members of the error in the bodies of OpenAI's APIs. */
  readonly details?: Readonly<Record<string, unknown>>
}

/** Bytes as they are: for services that break their own protocol. */
export interface RawReply {
  readonly kind: 'raw'
  /** Default 200. */
  readonly status?: number
  /** Default: the content type of a stream of events. */
  readonly headers?: Readonly<Record<string, string>>
  readonly body: string
  /** What happens to the connection after the body. Default `end`. */
  readonly then?: 'end' | 'cut' | 'hang'
}

/** What a scenario decides for one request. `hang` accepts the request and never answers. */
export type Reply = MessageReply | ErrorReply | RawReply | { readonly kind: 'hang' }

/** Why a message stops: what its script says, or what its content implies. */
export function stopOf(reply: MessageReply): StopReason {
  return reply.stop ?? (reply.blocks.some((block) => block.type === 'tool') ? 'tool' : 'end')
}
