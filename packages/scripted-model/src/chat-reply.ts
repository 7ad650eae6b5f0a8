import { contentPieces } from './content-pieces.ts'
import { identifier } from './identifiers.ts'
import { outputTokens } from './messages-reply.ts'
import type { ModelRequest } from './model-request.ts'
import { stopOf, type MessageReply, type ReplyBlock, type StopReason } from './reply.ts'
import type { StreamEvent } from './stream-event.ts'

const finishReasons: Record<StopReason, string | null> = {
  end: 'stop',
  tool: 'tool_calls',
  length: 'length',
  refusal: 'content_filter',
  none: null,
}

/** A reply as the chunks of the OpenAI chat-completions API. `createdAt` is in seconds since the epoch. */
export function* chatEvents(
  request: ModelRequest,
  reply: MessageReply,
  random: () => number,
  createdAt: number,
): Generator<StreamEvent> {
  const base = {
    id: identifier('chatcmpl-', random),
    object: 'chat.completion.chunk',
    created: createdAt,
    model: request.model,
  }
  const chunk = (delta: Record<string, unknown>, finish: string | null = null, piece = false): StreamEvent => ({
    data: `data: ${JSON.stringify({ ...base, choices: [{ index: 0, delta, logprobs: null, finish_reason: finish }] })}\n\n`,
    piece,
  })
  yield chunk({ role: 'assistant', content: '' })
  let toolIndex = 0
  for (const block of reply.blocks) {
    if (block.type === 'tool') {
      const index = toolIndex
      toolIndex += 1
      yield chunk({
        tool_calls: [
          { index, id: identifier('call_', random), type: 'function', function: { name: block.name, arguments: '' } },
        ],
      })
      for (const piece of contentPieces(JSON.stringify(block.input))) {
        yield chunk({ tool_calls: [{ index, function: { arguments: piece } }] }, null, true)
      }
    } else {
      const key = block.type === 'thinking' ? 'reasoning_content' : 'content'
      for (const piece of contentPieces(block.text)) yield chunk({ [key]: piece }, null, true)
    }
  }
  const finish = finishReasons[stopOf(reply)]
  if (finish !== null) yield chunk({}, finish)
  yield { data: `data: ${JSON.stringify({ ...base, choices: [], usage: usage(request, reply) })}\n\n`, piece: false }
  yield { data: 'data: [DONE]\n\n', piece: false }
}

/** A reply as one chat completion, for callers that do not stream. */
export function chatObject(
  request: ModelRequest,
  reply: MessageReply,
  random: () => number,
  createdAt: number,
): Record<string, unknown> {
  const said = (type: 'text' | 'thinking'): string =>
    reply.blocks.flatMap((block) => (block.type === type ? [block.text] : [])).join('')
  const calls = reply.blocks.filter((block): block is Extract<ReplyBlock, { type: 'tool' }> => block.type === 'tool')
  const message = {
    role: 'assistant',
    content: said('text'),
    ...(said('thinking') === '' ? {} : { reasoning_content: said('thinking') }),
    ...(calls.length === 0
      ? {}
      : {
          tool_calls: calls.map((call) => ({
            id: identifier('call_', random),
            type: 'function',
            function: { name: call.name, arguments: JSON.stringify(call.input) },
          })),
        }),
  }
  return {
    id: identifier('chatcmpl-', random),
    object: 'chat.completion',
    created: createdAt,
    model: request.model,
    choices: [{ index: 0, message, logprobs: null, finish_reason: finishReasons[stopOf(reply)] }],
    usage: usage(request, reply),
  }
}

function usage(request: ModelRequest, reply: MessageReply): Record<string, unknown> {
  const prompt = request.tokens.input + request.tokens.cacheRead + request.tokens.cacheWrite
  const completion = outputTokens(reply)
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    prompt_tokens_details: { cached_tokens: request.tokens.cacheRead },
  }
}
