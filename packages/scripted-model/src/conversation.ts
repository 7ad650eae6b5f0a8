import { countTokens } from './count-tokens.ts'
import type { InputTokens, ModelRequest } from './model-request.ts'

/** Follows a conversation through its messages, in their order. */
export interface Conversation {
  /** A message of the person; an empty one does not count. */
  asked(prompt: string): void
  /** Results of tool calls come: a new round, the rest of the round before, or later results of its calls. */
  answered(results: readonly string[], round: 'new' | 'same' | 'continued'): void
  /** How far the conversation has come. */
  state(): Pick<ModelRequest, 'prompt' | 'turn' | 'step' | 'toolResults'>
}

export function createConversation(): Conversation {
  let prompt = ''
  let turn = 0
  let step = 0
  let toolResults: readonly string[] = []
  return {
    asked(text) {
      if (text === '') return
      prompt = text
      turn += 1
      step = 0
      toolResults = []
    },
    answered(results, round) {
      if (round === 'new') step += 1
      toolResults = round === 'same' ? [...toolResults, ...results] : results
    },
    state: () => ({ prompt, turn: Math.max(1, turn), step, toolResults }),
  }
}

/**
 * OpenAI's APIs cache by themselves: what stood before the last answer is read from the cache. `head` is the size of the
 * tools and instructions in tokens; `isAnswer` tells the model's own messages.
 */
export function billAutomaticCache<T>(
  head: number,
  messages: readonly T[],
  isAnswer: (message: T) => boolean,
): InputTokens {
  const sizes = messages.map((message) => countTokens(JSON.stringify(message)))
  const sum = (list: readonly number[]): number => list.reduce((total, size) => total + size, 0)
  const lastAnswer = messages.findLastIndex(isAnswer)
  const cacheRead = lastAnswer === -1 ? 0 : head + sum(sizes.slice(0, lastAnswer))
  return { input: head + sum(sizes) - cacheRead, cacheRead, cacheWrite: 0 }
}
