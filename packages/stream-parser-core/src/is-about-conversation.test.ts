import { describe, expect, it } from 'vitest'
import { isAboutConversation } from './is-about-conversation.ts'
import { readProviderError } from './read-provider-error.ts'

describe('an error about the conversation itself', () => {
  it.each([
    ['Anthropic names a message', { error: { message: 'messages.12.content.0.text: must not be empty' } }],
    ['a call has no result', { error: { message: '`tool_use` ids were found without `tool_result` blocks' } }],
    ['an image is broken', { error: { message: 'Could not process image' } }],
    [
      'thinking was changed',
      { error: { message: 'messages.1: `thinking` or `redacted_thinking` blocks cannot be modified' } },
    ],
    [
      'OpenAI wants tool messages',
      { error: { message: "An assistant message with 'tool_calls' must be followed by tool messages" } },
    ],
    ['OpenAI names a member', { error: { message: 'no', param: 'input[3].content' } }],
    ['OpenAI names an invalid value', { error: { message: "Invalid 'messages[3].content': string too long." } }],
    [
      'Gemini counts function calls',
      { error: { message: 'Please ensure that the number of function response parts is equal' } },
    ],
    ['Bedrock counts results', { message: 'Expected toolResult blocks at messages.2.content for the following Ids' }],
  ])('is seen when %s', (_, answer) => expect(isAboutConversation(readProviderError(answer))).toBe(true))

  it.each([
    ['credit', { error: { message: 'Your credit balance is too low to access the API.' } }],
    ['a setting', { error: { message: 'max_tokens: must be at most 8192', param: 'max_tokens' } }],
    ['a model', { error: { message: 'The model `x` does not exist', param: 'model' } }],
    ['a quote of the words', { error: { message: 'The user said: messages.1 is broken' } }],
  ])('is not seen when it is about %s', (_, answer) =>
    expect(isAboutConversation(readProviderError(answer))).toBe(false),
  )

  it('is not seen without an answer', () => expect(isAboutConversation(null)).toBe(false))
})
