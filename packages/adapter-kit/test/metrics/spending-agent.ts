import { scriptAgent } from '../script-agent.ts'
import type { AgentDefinition } from '../../src/index.ts'

const none = { inputTokens: 0, outputTokens: 0, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 }

/** What one run spends. */
interface Spent {
  model: string
  inputTokens: number
  outputTokens: number
  costUsd: number
}

/** An agent that works for a moment and says what it spent: a different amount in each pod. */
export const spendingAgent: AgentDefinition = {
  ...scriptAgent(`
import { appendFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
const random = (most) => Math.floor(Math.random() * most)
console.log('working')
await pause(200 + random(800))
const [inputTokens, outputTokens] = [1 + random(100_000), 1 + random(10_000)]
const model = ['large', 'small'][random(2)]
// What was really spent, whatever happens to the servers.
appendFileSync(process.env.SPENT_FILE, JSON.stringify({ inputTokens, outputTokens, costUsd: (inputTokens + 5 * outputTokens) / 1e6 }) + '\\n')
console.log('SPENT ' + JSON.stringify({ model, inputTokens, outputTokens, costUsd: (inputTokens + 5 * outputTokens) / 1e6 }))
`),
  createParser() {
    let spent: Spent | null = null
    let finished = false
    return {
      get finished() {
        return finished
      },
      line(text) {
        if (!text.startsWith('SPENT ')) return
        spent = JSON.parse(text.slice('SPENT '.length)) as Spent
        finished = true
      },
      feed: () => undefined,
      end: () => ({
        sessionId: null,
        model: spent?.model ?? null,
        costUsd: spent?.costUsd ?? null,
        usage: { ...none, inputTokens: spent?.inputTokens ?? 0, outputTokens: spent?.outputTokens ?? 0 },
        isError: false,
        errorCode: null,
        errorMessage: null,
        result: spent === null ? null : 'done',
        finished,
      }),
    }
  },
}
