import type { IncomingMessage, ServerResponse } from 'node:http'
import { chatEvents, chatObject } from './chat-reply.ts'
import type { Clock } from '@agent-jobs/primitives'
import { errorBody } from './error-body.ts'
import { identifier } from './identifiers.ts'
import type { JsonObject } from './json.ts'
import { messagesEvents, messagesObject } from './messages-reply.ts'
import type { ModelApi, ModelRequest } from './model-request.ts'
import { readBody } from './read-body.ts'
import { readChatRequest } from './read-chat-request.ts'
import { readResponsesRequest } from './read-responses-request.ts'
import { messagesTokens, readMessagesRequest } from './read-messages-request.ts'
import type { MessageReply, Reply } from './reply.ts'
import { responsesEvents, responsesObject } from './responses-reply.ts'
import type { RequestSummary } from './request-log.ts'
import { readRoute } from './route.ts'
import type { Scenario } from './scenario.ts'
import { waitCall } from './shell-call.ts'
import { sendRaw, sendStream } from './send-stream.ts'
import type { StreamEvent } from './stream-event.ts'

/** What the handler needs from its server. */
export interface AnswerContext {
  readonly scenarios: ReadonlyMap<string, Scenario>
  readonly defaultScenario: string
  readonly clock: Clock
  readonly random: () => number
  readonly maxBodyBytes: number
  /** Counts a request and says how many came before. */
  readonly count: (counter: string) => number
  readonly record: (summary: RequestSummary) => void
  /** Aborts when the server closes. */
  readonly signal: AbortSignal
}

/** Answers one HTTP request. Rejects only when the connection breaks or the server closes. */
export async function answerRequest(
  request: IncomingMessage,
  response: ServerResponse,
  context: AnswerContext,
): Promise<void> {
  const path = (request.url ?? '/').split('?', 1)[0] ?? '/'
  const route = readRoute(path)
  const scenarioName = route.scenario ?? context.defaultScenario
  const api: ModelApi = route.endpoint === 'chat' || route.endpoint === 'responses' ? route.endpoint : 'messages'
  const seen = { at: context.clock.wallTime(), method: request.method ?? 'GET', path, scenario: scenarioName, bytes: 0 }
  const finish = (status: number, body: unknown, more: Partial<RequestSummary> = {}): void => {
    context.record({ ...seen, ...more, status })
    sendJson(response, status, body)
  }
  const refuse = (status: number, type: string, message: string, bytes = 0): void =>
    finish(status, errorBody(api, type, message, context.random), { bytes })

  const scenario = context.scenarios.get(scenarioName)
  if (!scenario) {
    const known = [...context.scenarios.keys()].join(', ')
    return refuse(404, 'not_found_error', `There is no scenario "${scenarioName}". Known scenarios: ${known}`)
  }
  if (route.endpoint === 'root') return finish(200, { name: '@agent-jobs/scripted-model', scenario: scenarioName })
  if (route.endpoint === 'models') return finish(200, modelList)
  if (route.endpoint === 'unknown') return refuse(404, 'not_found_error', `There is nothing at ${path}`)
  if (request.method !== 'POST') return refuse(405, 'invalid_request_error', `Use POST for ${path}, not ${seen.method}`)

  const read = await readBody(request, context.maxBodyBytes)
  if (!read.ok) {
    return refuse(
      read.status,
      read.status === 413 ? 'request_too_large' : 'invalid_request_error',
      read.message,
      read.bytes,
    )
  }
  if (route.endpoint === 'count-tokens') {
    const { input, cacheRead, cacheWrite } = messagesTokens(read.body)
    return finish(200, { input_tokens: input + cacheRead + cacheWrite }, { bytes: read.bytes })
  }
  const asked = requestReaders[api](read.body)
  const waiting = waitCall(asked)
  const reply: Reply =
    waiting === null
      ? scenario(asked, { earlier: asked.side ? 0 : context.count(route.counter) })
      : { kind: 'message', blocks: [waiting] }
  context.record({ ...seen, bytes: read.bytes, ...summaryOf(asked), status: statusOf(reply) })
  await sendReply(response, asked, reply, context)
}

const requestReaders: Readonly<Record<ModelApi, (body: JsonObject) => ModelRequest>> = {
  messages: readMessagesRequest,
  chat: readChatRequest,
  responses: readResponsesRequest,
}

/** How a reply looks on the wire, streamed and not. */
interface WireFormat {
  events(asked: ModelRequest, reply: MessageReply, random: () => number, createdAt: number): Iterable<StreamEvent>
  object(asked: ModelRequest, reply: MessageReply, random: () => number, createdAt: number): Record<string, unknown>
}

const wireFormats: Readonly<Record<ModelApi, WireFormat>> = {
  messages: { events: messagesEvents, object: messagesObject },
  chat: { events: chatEvents, object: chatObject },
  responses: { events: responsesEvents, object: responsesObject },
}

function summaryOf(asked: ModelRequest): Partial<RequestSummary> {
  const { api, model, stream, tools, turn, step, side } = asked
  return { api, model, stream, tools, turn, step, side, promptHead: asked.prompt.slice(0, 80) }
}

function statusOf(reply: Reply): number {
  switch (reply.kind) {
    case 'message':
      return 200
    case 'error':
      return reply.status
    case 'raw':
      return reply.status ?? 200
    case 'hang':
      return 0
    default:
      return reply satisfies never
  }
}

async function sendReply(
  response: ServerResponse,
  asked: ModelRequest,
  reply: Reply,
  context: AnswerContext,
): Promise<void> {
  const { clock, random, signal } = context
  response.setHeader('request-id', identifier('req_01', random))
  // A hanging request ends with the connection: the caller's, or the server's at close.
  if (reply.kind === 'hang') return
  if (reply.kind === 'error') {
    for (const [name, value] of Object.entries(reply.headers ?? {})) response.setHeader(name, value)
    return sendJson(response, reply.status, errorBody(asked.api, reply.type, reply.message, random, reply.details))
  }
  if (reply.kind === 'raw') return sendRaw(response, reply)
  const createdAt = Math.floor(clock.wallTime() / 1000)
  if (!asked.stream) {
    return sendJson(response, 200, wireFormats[asked.api].object(asked, reply, random, createdAt))
  }
  const events = wireFormats[asked.api].events(asked, reply, random, createdAt)
  await sendStream(response, events, reply, { clock, signal: AbortSignal.any([signal, closed(response)]) })
}

function closed(response: ServerResponse): AbortSignal {
  const controller = new AbortController()
  response.once('close', () => controller.abort())
  return controller.signal
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
}

const modelList = {
  object: 'list',
  has_more: false,
  data: [
    {
      type: 'model',
      object: 'model',
      id: 'scripted-model',
      display_name: 'Scripted model',
      created_at: '2026-01-01T00:00:00Z',
    },
  ],
} satisfies Record<string, unknown>
