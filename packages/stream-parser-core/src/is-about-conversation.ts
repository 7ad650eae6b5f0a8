import type { ProviderError } from './read-provider-error.ts'

/**
 * Sentences of providers, from their beginning, about the messages of the conversation: docs/agent-clis.md#broken-conversations.
 * A request with the same messages is always refused again.
 */
const sentences: readonly RegExp[] = [
  // Anthropic names the place: `messages.12.content.0.…`, and tool calls without their results.
  /^(?:\w+_error: )?messages(?:\.\d+|: )/,
  /^(?:.{0,80}: )?(?:`?tool_use`? ids were found without `?tool_result`? blocks|unexpected `?tool_use_id`? found in `?tool_result`?)/i,
  /^(?:.{0,80}: )?(?:`?thinking`? or `?redacted_thinking`? blocks .{0,80}cannot be modified|Invalid `?signature`? in `?thinking`? block)/i,
  /^(?:.{0,80}: )?(?:Could not process image|image exceeds \d|The PDF specified was not valid)/i,
  // What the CLI makes of it.
  /^due to tool use concurrency issues\b/i,
  // OpenAI and those that speak its protocol.
  /^An assistant message with ['"`]tool_calls['"`] must be followed by tool messages/i,
  /^Invalid parameter: messages with role ['"`]tool['"`]/i,
  /^(?:Invalid|Missing required parameter:?)(?: type for| value:?| parameter:?)? ['"`](?:messages|input)\[\d+\]/i,
  /^No tool (?:call|output) found for (?:function|custom tool)? ?call/i,
  /^Item ['"`]\S+['"`] of type ['"`](?:reasoning|function_call|message)['"`] was provided without its required/i,
  // Gemini.
  /^(?:\* )?(?:GenerateContentRequest\.contents|Please ensure that (?:the )?(?:number of )?function (?:call|response))/i,
  /^Function call is missing a thought_signature/i,
  // Bedrock's Converse.
  /^(?:The model returned the following errors: )?(?:messages\.\d+|Expected toolResult blocks at messages\.\d+|The number of toolResult blocks at messages\.\d+)/i,
]

/** True when the provider refuses the conversation itself: it would refuse it again in every later run. */
export function isAboutConversation(error: ProviderError | null): boolean {
  if (error === null) return false
  if (error.param !== null && /^(?:messages|input)(?:\[\d+\]|\.\d+)/.test(error.param)) return true
  return error.messages.some((message) => sentences.some((sentence) => sentence.test(message)))
}
