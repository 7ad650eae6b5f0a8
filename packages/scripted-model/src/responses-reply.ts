import { contentPieces } from './content-pieces.ts'
import { countTokens } from './count-tokens.ts'
import { identifier } from './identifiers.ts'
import { outputTokens } from './messages-reply.ts'
import type { ModelRequest } from './model-request.ts'
import { stopOf, type MessageReply, type ReplyBlock } from './reply.ts'
import type { StreamEvent } from './stream-event.ts'

type Json = Record<string, unknown>

// Why a response is incomplete; the other stop reasons complete it.
const incompleteReasons: Readonly<Record<string, string>> = { length: 'max_output_tokens', refusal: 'content_filter' }

/** A reply as the events of the OpenAI Responses API. */
export function* responsesEvents(
  request: ModelRequest,
  reply: MessageReply,
  random: () => number,
): Generator<StreamEvent> {
  const id = identifier('resp_', random)
  let sequence = 0
  const event = (type: string, fields: Json, piece = false): StreamEvent => ({
    data: `event: ${type}\ndata: ${JSON.stringify({ type, sequence_number: sequence++, ...fields })}\n\n`,
    piece,
  })
  yield event('response.created', { response: { id, object: 'response', status: 'in_progress', output: [] } })
  const output: Json[] = []
  for (const [index, block] of reply.blocks.entries()) {
    const item = itemOf(block, random)
    yield event('response.output_item.added', { output_index: index, item: { ...item, status: 'in_progress' } })
    const delta = deltaOf(block)
    for (const piece of contentPieces(delta.text)) {
      yield event(delta.type, { item_id: item['id'], output_index: index, ...delta.index, delta: piece }, true)
    }
    // A cut after this piece finds the item without its end.
    yield event('response.output_item.done', { output_index: index, item }, true)
    output.push(item)
  }
  // A broken service ends the stream without a last event.
  if (stopOf(reply) === 'none') return
  const response = responseObject(request, reply, id, output)
  yield event(response['status'] === 'completed' ? 'response.completed' : 'response.incomplete', { response })
}

/** A reply as one response, for callers that do not stream. */
export function responsesObject(request: ModelRequest, reply: MessageReply, random: () => number): Json {
  const output = reply.blocks.map((block) => itemOf(block, random))
  return responseObject(request, reply, identifier('resp_', random), output)
}

function itemOf(block: ReplyBlock, random: () => number): Json {
  if (block.type === 'thinking') {
    const summary = [{ type: 'summary_text', text: block.text }]
    return { type: 'reasoning', id: identifier('rs_', random), summary, encrypted_content: 'c2NyaXB0ZWQ=' }
  }
  if (block.type === 'tool') {
    const slash = block.name.indexOf('/')
    const target =
      slash < 0 ? { name: block.name } : { name: block.name.slice(slash + 1), namespace: block.name.slice(0, slash) }
    const call = { call_id: identifier('call_', random), ...target, arguments: JSON.stringify(block.input) }
    return { type: 'function_call', id: identifier('fc_', random), status: 'completed', ...call }
  }
  const content = [{ type: 'output_text', text: block.text, annotations: [] }]
  return { type: 'message', id: identifier('msg_', random), status: 'completed', role: 'assistant', content }
}

function deltaOf(block: ReplyBlock): { type: string; text: string; index: Json } {
  if (block.type === 'thinking')
    return { type: 'response.reasoning_summary_text.delta', text: block.text, index: { summary_index: 0 } }
  if (block.type === 'tool')
    return { type: 'response.function_call_arguments.delta', text: JSON.stringify(block.input), index: {} }
  return { type: 'response.output_text.delta', text: block.text, index: { content_index: 0 } }
}

function responseObject(request: ModelRequest, reply: MessageReply, id: string, output: readonly Json[]): Json {
  const reason = incompleteReasons[stopOf(reply)]
  const input = request.tokens.input + request.tokens.cacheRead + request.tokens.cacheWrite
  const generated = outputTokens(reply)
  const thought = reply.blocks.flatMap((block) => (block.type === 'thinking' ? [countTokens(block.text)] : []))
  return {
    id,
    object: 'response',
    status: reason === undefined ? 'completed' : 'incomplete',
    model: request.model,
    output,
    incomplete_details: reason === undefined ? null : { reason },
    usage: {
      input_tokens: input,
      input_tokens_details: { cached_tokens: request.tokens.cacheRead },
      output_tokens: generated,
      output_tokens_details: { reasoning_tokens: thought.reduce((sum, tokens) => sum + tokens, 0) },
      total_tokens: input + generated,
    },
  }
}
