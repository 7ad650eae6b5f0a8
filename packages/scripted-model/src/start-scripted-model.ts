import { once } from 'node:events'
import { createServer } from 'node:http'
import { answerRequest } from './answer-request.ts'
import { systemClock, type Clock } from '@agent-jobs/primitives'
import { errorBody } from './error-body.ts'
import { createRequestLog, type RequestSummary } from './request-log.ts'
import type { Scenario } from './scenario.ts'
import { scenarios as builtIn } from './scenarios.ts'
import { ScriptedModelError } from './scripted-model-error.ts'

/** Options of {@link startScriptedModel}. */
export interface ScriptedModelOptions {
  /** Address to listen on. Default `127.0.0.1`. */
  host?: string
  /** Port to listen on; 0 picks a free one. Default 0. */
  port?: number
  /** Scenario of URLs that name none. Default `text`. */
  scenario?: string
  /** Your own scenarios; they override built-in ones of the same name. */
  scenarios?: Readonly<Record<string, Scenario>>
  /** Largest request body in bytes; larger ones get 413. Default 32 MiB. */
  maxBodyBytes?: number
  /** Connections at one time; further ones are closed. Default 1,024. */
  maxConnections?: number
  /** How many request summaries are kept; the oldest go first. Default 1,000. */
  maxRequests?: number
  clock?: Clock
  random?: () => number
}

/** A running scripted model. */
export interface ScriptedModel extends AsyncDisposable {
  /** Base URL without a scenario: `http://127.0.0.1:40123`. */
  readonly url: string
  /** Summaries of the requests so far, oldest first. */
  readonly requests: readonly RequestSummary[]
  /** The base URL of a scenario; requests under one key are counted apart from those under another. */
  scenarioUrl(name: string, key?: string): string
  /** Stops listening and cuts every open connection. */
  close(): Promise<void>
}

/**
 * Starts a model API that answers from a script: Anthropic Messages and OpenAI chat completions, both streaming.
 *
 * @example
 * const model = await startScriptedModel({ scenario: 'tool' })
 * process.env.ANTHROPIC_BASE_URL = model.url
 */
export async function startScriptedModel(options: ScriptedModelOptions = {}): Promise<ScriptedModel> {
  const { host = '127.0.0.1', port = 0, scenario = 'text', maxBodyBytes = 33_554_432 } = options
  const { maxConnections = 1024, maxRequests = 1000, clock = systemClock, random = Math.random } = options
  const scenarios = new Map([...Object.entries(builtIn), ...Object.entries(options.scenarios ?? {})])
  if (!scenarios.has(scenario)) {
    throw new TypeError(`Expected \`scenario\` to be one of ${[...scenarios.keys()].join(', ')}, got \`${scenario}\``)
  }
  for (const [name, value] of Object.entries({ maxBodyBytes, maxConnections, maxRequests })) {
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new TypeError(`Expected \`${name}\` to be a positive integer, got \`${value}\``)
    }
  }

  const log = createRequestLog(maxRequests)
  const count = createCounter(maxRequests)
  const closing = new AbortController()
  const context = {
    scenarios,
    defaultScenario: scenario,
    clock,
    random,
    maxBodyBytes,
    count,
    record: log.add,
    signal: closing.signal,
  }
  const server = createServer((request, response) => {
    answerRequest(request, response, context).catch((error: unknown) => {
      // If the caller left or we are closing, no one can get an answer. Otherwise a scenario threw, so answer 500.
      if (response.headersSent || response.destroyed) return response.destroy()
      response.writeHead(500, { 'content-type': 'application/json' })
      const message = `The scenario failed: ${error instanceof Error ? error.message : String(error)}`
      return response.end(JSON.stringify(errorBody('messages', 'api_error', message, random)))
    })
  })
  server.maxConnections = maxConnections
  server.on('clientError', (_error, socket) => socket.destroy())
  server.listen(port, host)
  try {
    await once(server, 'listening')
  } catch (cause) {
    throw new ScriptedModelError(
      'listen_failed',
      `The scripted model cannot listen on ${host}:${port}: ${cause instanceof Error ? cause.message : String(cause)}. Choose another \`host\` or \`port\`.`,
      { cause },
    )
  }
  const address = server.address()
  const actualPort = typeof address === 'object' && address !== null ? address.port : port
  const url = `http://${host.includes(':') ? `[${host}]` : host}:${actualPort}`

  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      closing.abort()
      server.close(() => resolve())
      server.closeAllConnections()
    })
    return closed
  }
  return {
    url,
    requests: log.entries,
    scenarioUrl: (name, key) =>
      `${url}/s/${encodeURIComponent(name)}${key === undefined ? '' : `/${encodeURIComponent(key)}`}`,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Counts by name; beyond `limit` names the oldest is dropped. */
function createCounter(limit: number): (name: string) => number {
  const counts = new Map<string, number>()
  return (name) => {
    const earlier = counts.get(name) ?? 0
    counts.delete(name)
    counts.set(name, earlier + 1)
    const oldest = counts.keys().next()
    if (counts.size > limit && !oldest.done) counts.delete(oldest.value)
    return earlier
  }
}
