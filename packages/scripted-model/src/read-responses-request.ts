import { billAutomaticCache, createConversation } from './conversation.ts'
import { countTokens } from './count-tokens.ts'
import { objects, text, type JsonObject } from './json.ts'
import type { ModelRequest } from './model-request.ts'
import { plainPrompt } from './plain-prompt.ts'
import { pollTool } from './shell-call.ts'

const outputTypes = new Set(['function_call_output', 'custom_tool_call_output'])

/** Reads a body of `POST /v1/responses` (OpenAI). Unknown content is passed over, never an error. */
export function readResponsesRequest(body: JsonObject): ModelRequest {
  const input = typeof body['input'] === 'string' ? [userMessage(body['input'])] : objects(body['input'])
  const conversation = createConversation()
  let isPoll = false
  let previous = ''
  for (const item of input) {
    const type = text(item['type'], 'message')
    if (outputTypes.has(type)) {
      const round = outputTypes.has(previous) ? 'same' : isPoll ? 'continued' : 'new'
      conversation.answered([withoutHead(outputText(item['output']))], round)
    } else if (type === 'message' && text(item['role']) === 'user') {
      conversation.asked(plainPrompt(contentTexts(item['content']).filter((part) => !isContext(part))))
    }
    if (type === 'function_call') isPoll = text(item['name']) === pollTool
    previous = type
  }
  const tools = objects(body['tools']).flatMap(toolNames)
  const head = countTokens(JSON.stringify(body['tools'] ?? '')) + countTokens(text(body['instructions']))
  return {
    api: 'responses',
    model: text(body['model'], 'unknown'),
    stream: body['stream'] === true,
    tools,
    ...conversation.state(),
    running: runningOf(input),
    side: tools.length === 0,
    tokens: billAutomaticCache(head, input, isAnswer),
  }
}

function isAnswer(item: JsonObject): boolean {
  return item['role'] === 'assistant' || text(item['type']).endsWith('_call')
}

/** A tool has a name or, like web search, only a type; tools of a namespace are called `namespace/name`. */
function toolNames(tool: JsonObject): string[] {
  const name = text(tool['name']) || text(tool['type'])
  return text(tool['type']) === 'namespace'
    ? objects(tool['tools']).map((nested) => `${name}/${text(nested['name'])}`)
    : [name]
}

function userMessage(content: string): JsonObject {
  return { type: 'message', role: 'user', content: [{ type: 'input_text', text: content }] }
}

function contentTexts(content: unknown): string[] {
  return typeof content === 'string' ? [content] : objects(content).map((part) => text(part['text']))
}

/** What Codex sends as messages of the user although it wrote them itself: the surroundings, and AGENTS.md. */
function isContext(part: string): boolean {
  return /^\s*(?:<(?:environment_context|user_instructions|subagent_notification|skills?|INSTRUCTIONS)\b|# AGENTS\.md instructions)/.test(
    part,
  )
}

function outputText(output: unknown): string {
  return typeof output === 'string' ? output : contentTexts(output).join('\n')
}

// The lines that Codex puts before the output of a command.
const head = /^(Chunk ID: [\s\S]*?)\nOutput:\n([\s\S]*)$/

function withoutHead(output: string): string {
  return head.exec(output)?.[2] ?? output
}

/** The id of a command that is still running, as the heads of the last outputs say. */
function runningOf(input: readonly JsonObject[]): number | null {
  const last = input.slice(input.findLastIndex((item) => !outputTypes.has(text(item['type'], 'message'))) + 1)
  const ids = last.map((item) => {
    const lines = head.exec(outputText(item['output']))?.[1] ?? ''
    return /^Process running with session ID (\d{1,9})$/m.exec(lines)?.[1]
  })
  const id = ids.find((each) => each !== undefined)
  return id === undefined ? null : Number(id)
}
