import { billAutomaticCache, createConversation } from './conversation.ts'
import { countTokens } from './count-tokens.ts'
import { isObject, objects, text, type JsonObject } from './json.ts'
import type { ModelRequest } from './model-request.ts'
import { plainPrompt } from './plain-prompt.ts'

/** Reads a body of `POST /v1/chat/completions` (OpenAI). Unknown content is passed over, never an error. */
export function readChatRequest(body: JsonObject): ModelRequest {
  const messages = objects(body['messages'])
  const conversation = createConversation()
  let previous = ''
  for (const message of messages) {
    const role = text(message['role'])
    const content = contentText(message['content'])
    if (role === 'tool') conversation.answered([content], previous === 'tool' ? 'same' : 'new')
    if (role === 'user') conversation.asked(plainPrompt([content]))
    previous = role
  }
  const tools = objects(body['tools']).map((tool) => {
    const definition = tool['function']
    return isObject(definition) ? text(definition['name']) : ''
  })
  const head = countTokens(JSON.stringify(body['tools'] ?? ''))
  return {
    api: 'chat',
    model: text(body['model'], 'unknown'),
    stream: body['stream'] === true,
    tools,
    ...conversation.state(),
    running: null,
    side: tools.length === 0,
    tokens: billAutomaticCache(head, messages, (message) => message['role'] === 'assistant'),
  }
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content
  return objects(content)
    .map((part) => text(part['text']))
    .join('\n')
}
