import type { Agent, AgentSummary } from '@agent-jobs/agent-run'

/** One line of the agent's output. */
interface CountdownEvent {
  readonly event: string
  readonly text?: string
  readonly model?: string
  readonly tokens?: number
}

function readEvent(line: string): CountdownEvent | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null && 'event' in value ? (value as CountdownEvent) : null
  } catch (error) {
    // Text between the events is not one of them.
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** Reads the output of one run, line by line. */
function createParser() {
  let model: string | null = null
  let last: CountdownEvent | null = null
  let tokens = 0
  let rest = ''
  return {
    feed: (chunk: Uint8Array | string) => {
      rest += typeof chunk === 'string' ? chunk : new TextDecoder().decode(chunk)
    },
    line(text: string) {
      const event = readEvent(rest + text)
      rest = ''
      model = event?.model ?? model
      tokens += event?.tokens ?? 0
      if (event?.event === 'result' || event?.event === 'error') last = event
    },
    get finished() {
      return last?.event === 'result'
    },
    end(): AgentSummary {
      const errorCode = last === null ? 'truncated' : last.event === 'error' ? 'agent_failed' : null
      return {
        sessionId: null,
        model,
        result: last?.event === 'result' ? (last.text ?? '') : null,
        usage: { inputTokens: 0, outputTokens: tokens, cacheReadInputTokens: 0, cacheCreationInputTokens: 0 },
        costUsd: null,
        isError: errorCode !== null,
        errorCode,
        errorMessage: last?.event === 'error' ? (last.text ?? null) : null,
        finished: last?.event === 'result',
      }
    },
  }
}

/** The agent, for everything that runs it. */
export const countdown: Agent = {
  name: 'countdown',
  title: 'Countdown',
  argv: ({ extra }) => ['countdown.sh', ...extra],
  env: {},
  credentialEnv: [],
  createParser,
  transcript(line, time) {
    const event = readEvent(line)
    return event?.event === 'say' ? [{ kind: 'assistant', ts: time, text: event.text ?? '' }] : []
  },
}
