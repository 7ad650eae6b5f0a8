import { countTokens } from './count-tokens.ts'
import { isObject, objects, text, type JsonObject } from './json.ts'
import type { ModelRequest } from './model-request.ts'
import { plainPrompt } from './plain-prompt.ts'

/** Reads a body of `POST /v1/chat/completions` (OpenAI). Unknown content is passed over, never an error. */
export function readChatRequest(body: JsonObject): ModelRequest {
  const messages = objects(body['messages'])
  let prompt = ''
  let turn = 0
  let step = 0
  let toolResults: string[] = []
  let previous = ''
  for (const message of messages) {
    const role = text(message['role'])
    if (role === 'tool') {
      if (previous !== 'tool') {
        step += 1
        toolResults = []
      }
      toolResults.push(contentText(message['content']))
    } else if (role === 'user') {
      const said = plainPrompt([contentText(message['content'])])
      if (said !== '') {
        prompt = said
        turn += 1
        step = 0
        toolResults = []
      }
    }
    previous = role
  }
  const tools = objects(body['tools']).map((tool) => {
    const definition = tool['function']
    return isObject(definition) ? text(definition['name']) : ''
  })
  const sizes = messages.map((message) => countTokens(JSON.stringify(message)))
  const lastAnswer = messages.findLastIndex((message) => message['role'] === 'assistant')
  const sum = (list: readonly number[]): number => list.reduce((total, size) => total + size, 0)
  const head = countTokens(JSON.stringify(body['tools'] ?? ''))
  const cacheRead = lastAnswer === -1 ? 0 : head + sum(sizes.slice(0, lastAnswer))
  return {
    api: 'chat',
    model: text(body['model'], 'unknown'),
    stream: body['stream'] === true,
    tools,
    prompt,
    turn: Math.max(1, turn),
    step,
    toolResults,
    side: tools.length === 0,
    tokens: { input: head + sum(sizes) - cacheRead, cacheRead, cacheWrite: 0 },
  }
}

function contentText(content: unknown): string {
  if (typeof content === 'string') return content
  return objects(content)
    .map((part) => text(part['text']))
    .join('\n')
}
