import { contentPieces } from './content-pieces.ts'
import { countTokens } from './count-tokens.ts'
import { identifier } from './identifiers.ts'
import type { ModelRequest } from './model-request.ts'
import { stopOf, type MessageReply, type ReplyBlock, type StopReason } from './reply.ts'
import type { StreamEvent } from './stream-event.ts'

const stopReasons: Record<StopReason, string | null> = {
  end: 'end_turn',
  tool: 'tool_use',
  length: 'max_tokens',
  refusal: 'refusal',
  none: null,
}

/** A reply as the server-sent events of the Anthropic Messages API. */
export function* messagesEvents(
  request: ModelRequest,
  reply: MessageReply,
  random: () => number,
): Generator<StreamEvent> {
  const event = (data: { type: string } & Record<string, unknown>, piece = false): StreamEvent => ({
    data: `event: ${data.type}\ndata: ${JSON.stringify(data)}\n\n`,
    piece,
  })
  yield event({
    type: 'message_start',
    message: {
      ...head(request, random),
      content: [],
      stop_reason: null,
      stop_sequence: null,
      usage: inputUsage(request, 1),
    },
  })
  yield event({ type: 'ping' })
  for (const [index, block] of reply.blocks.entries()) {
    yield event({ type: 'content_block_start', index, content_block: emptyBlock(block, random) })
    for (const delta of deltas(block)) yield event({ type: 'content_block_delta', index, delta }, true)
    yield event({ type: 'content_block_stop', index })
  }
  yield event({
    type: 'message_delta',
    delta: { stop_reason: stopReasons[stopOf(reply)], stop_sequence: null },
    usage: { output_tokens: outputTokens(reply) },
  })
  yield event({ type: 'message_stop' })
}

/** A reply as one JSON message, for callers that do not stream. */
export function messagesObject(
  request: ModelRequest,
  reply: MessageReply,
  random: () => number,
): Record<string, unknown> {
  return {
    ...head(request, random),
    content: reply.blocks.map((block) => fullBlock(block, random)),
    stop_reason: stopReasons[stopOf(reply)],
    stop_sequence: null,
    usage: inputUsage(request, outputTokens(reply)),
  }
}

function head(request: ModelRequest, random: () => number): Record<string, unknown> {
  return { id: identifier('msg_01', random), type: 'message', role: 'assistant', model: request.model }
}

function inputUsage(request: ModelRequest, output: number): Record<string, unknown> {
  const { input, cacheRead, cacheWrite } = request.tokens
  return {
    input_tokens: input,
    cache_creation_input_tokens: cacheWrite,
    cache_read_input_tokens: cacheRead,
    cache_creation: { ephemeral_5m_input_tokens: cacheWrite, ephemeral_1h_input_tokens: 0 },
    output_tokens: output,
    service_tier: 'standard',
  }
}

function blockText(block: ReplyBlock): string {
  return block.type === 'tool' ? JSON.stringify(block.input) : block.text
}

/** Tokens of a reply, counted as a quarter of its characters. */
export function outputTokens(reply: MessageReply): number {
  return reply.blocks.reduce((sum, block) => sum + countTokens(blockText(block)), 0)
}

// A real signature is opaque and long; the CLI sends it back unread.
const signature = 'c2NyaXB0ZWQtbW9kZWwtc2lnbmF0dXJl'

function emptyBlock(block: ReplyBlock, random: () => number): Record<string, unknown> {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: '' }
    case 'thinking':
      return { type: 'thinking', thinking: '', signature: '' }
    case 'tool':
      return { type: 'tool_use', id: identifier('toolu_01', random), name: block.name, input: {} }
    default:
      return block satisfies never
  }
}

function fullBlock(block: ReplyBlock, random: () => number): Record<string, unknown> {
  switch (block.type) {
    case 'text':
      return { type: 'text', text: block.text }
    case 'thinking':
      return { type: 'thinking', thinking: block.text, signature }
    case 'tool':
      return { type: 'tool_use', id: identifier('toolu_01', random), name: block.name, input: block.input }
    default:
      return block satisfies never
  }
}

function deltas(block: ReplyBlock): Record<string, unknown>[] {
  const pieces = contentPieces(blockText(block))
  switch (block.type) {
    case 'text':
      return pieces.map((piece) => ({ type: 'text_delta', text: piece }))
    case 'thinking':
      return [
        ...pieces.map((piece) => ({ type: 'thinking_delta', thinking: piece })),
        { type: 'signature_delta', signature },
      ]
    case 'tool':
      return pieces.map((piece) => ({ type: 'input_json_delta', partial_json: piece }))
    default:
      return block satisfies never
  }
}
