import { createConversation } from './conversation.ts'
import { countTokens } from './count-tokens.ts'
import { isObject, objects, text, type JsonObject } from './json.ts'
import type { InputTokens, ModelRequest } from './model-request.ts'
import { plainPrompt } from './plain-prompt.ts'

/** Reads a body of `POST /v1/messages` (Anthropic). Unknown content is passed over, never an error. */
export function readMessagesRequest(body: JsonObject): ModelRequest {
  const messages = objects(body['messages'])
  const conversation = createConversation()
  for (const message of messages) {
    if (message['role'] !== 'user') continue
    const blocks = contentBlocks(message['content'])
    const results = blocks.filter((block) => block['type'] === 'tool_result')
    // Text beside results is what the CLI adds, not the person's.
    if (results.length > 0) {
      const texts = results.map((block) => blockText(block['content']))
      conversation.answered(texts, 'new')
    } else {
      conversation.asked(plainPrompt(blocks.filter(({ type }) => type === 'text').map((block) => text(block['text']))))
    }
  }
  const tools = objects(body['tools']).map((tool) => text(tool['name'], text(tool['type'])))
  return {
    api: 'messages',
    model: text(body['model'], 'unknown'),
    stream: body['stream'] === true,
    tools,
    ...conversation.state(),
    running: null,
    side: tools.length === 0,
    tokens: messagesTokens(body, messages),
  }
}

function contentBlocks(content: unknown): JsonObject[] {
  return typeof content === 'string' ? [{ type: 'text', text: content }] : objects(content)
}

function blockText(content: unknown): string {
  return contentBlocks(content)
    .map((block) => text(block['text']))
    .join('\n')
}

/**
 * Bills as the real service does when the caller marks cache points: the first request writes its head to the
 * cache, later ones read everything up to the last answer from it.
 */
export function messagesTokens(
  body: JsonObject,
  messages: readonly JsonObject[] = objects(body['messages']),
): InputTokens {
  const head = countTokens(JSON.stringify(body['system'] ?? '') + JSON.stringify(body['tools'] ?? ''))
  const sizes = messages.map((message) => countTokens(JSON.stringify(message['content'] ?? '')))
  const all = head + sizes.reduce((sum, size) => sum + size, 0)
  const caches = JSON.stringify(body['system'] ?? '').includes('"cache_control"') || isObject(body['cache_control'])
  if (!caches) return { input: all, cacheRead: 0, cacheWrite: 0 }
  const lastAnswer = messages.findLastIndex((message) => message['role'] === 'assistant')
  if (lastAnswer === -1) return { input: all - head, cacheRead: 0, cacheWrite: head }
  const known = head + sizes.slice(0, lastAnswer).reduce((sum, size) => sum + size, 0)
  return { input: sizes.at(-1) ?? 0, cacheRead: known, cacheWrite: Math.max(0, all - known - (sizes.at(-1) ?? 0)) }
}
