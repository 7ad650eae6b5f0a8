import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pipeline } from 'node:stream/promises'
import { type Clock, errorMessage, systemClock } from '@agent-jobs/primitives'
import type { ProxySpec } from '../../launch-spec.ts'
import { answerCall, lookAt } from './answer-call.ts'
import type { AnswerOptions } from './answer-call.ts'
import { createCallBudget, Refusal, type CallShare } from './call-budget.ts'
import { proxyTimings, type ProxyTimings } from './proxy-timings.ts'
import { TargetState } from './target-state.ts'

const defaultHoldMs = 120_000
const defaultRefreshMs = 5000

/** What the proxy needs besides its spec. */
export interface ProxyOptions {
  /** Called once, when the target cannot be reached at the start. */
  unreachable(message: string): void
  timings?: ProxyTimings
  clock?: Clock
}

/** A listening proxy. */
export interface RunningProxy {
  /** Variables for the command. */
  readonly env: Record<string, string>
  readonly server: Server
  /** Settles when it is known whether the target can be reached. */
  readonly looked: Promise<void>
}

/**
 * Offers the target's API on the pod's loopback. The agent knows only this address and, with `envToken`, a password
 * made for this run; the real credentials come from a file and are added to each call.
 */
export async function startProxy(spec: ProxySpec, options: ProxyOptions): Promise<RunningProxy> {
  const { targetUrl, tokenFile, envUrl, envToken, holdMs = defaultHoldMs, refreshMs = defaultRefreshMs } = spec
  const { timings = proxyTimings, clock = systemClock } = options
  const url = new URL(targetUrl)
  const password = envToken === undefined ? undefined : randomBytes(24).toString('hex')
  const budget = createCallBudget()
  const state = new TargetState()
  const shared = { url, tokenFile, holdMs, refreshMs, state, timings, clock }

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const gone = new AbortController()
    response.once('close', () => gone.abort(new Error('the caller went away')))
    const share = budget.enter()
    try {
      if (password !== undefined) checkPassword(request, password, envToken)
      const answer = await answerFor(request, share, { ...shared, signal: gone.signal })
      response.writeHead(answer.statusCode ?? 502, passedHeaders(answer))
      await pipeline(answer, response)
    } finally {
      share.release()
    }
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error: unknown) => {
      if (response.headersSent || response.destroyed) return response.destroy()
      const status = error instanceof Refusal ? error.status : 502
      response.writeHead(status, { 'content-type': 'application/json', connection: 'close' })
      return response.end(JSON.stringify({ error: `agent-jobs launcher: ${url.origin}: ${errorMessage(error)}` }))
    })
  })
  await listen(server)
  const { port } = server.address() as AddressInfo
  const env: Record<string, string> = { [envUrl]: `http://127.0.0.1:${port}` }
  if (envToken !== undefined && password !== undefined) env[envToken] = password
  return { env, server, looked: lookOnce({ ...shared, signal: new AbortController().signal }, options) }
}

/** Checks the target at the start, so that a wrong address is reported before the agent's first call needs it. */
async function lookOnce(options: AnswerOptions, { unreachable }: ProxyOptions): Promise<void> {
  const problem = await lookAt(options)
  if (problem === null) options.state.seen()
  else if (!options.state.wasThere) {
    unreachable(
      `${options.url.origin} cannot be reached from this pod: ${problem}. Calls of the agent fail at once until it has ` +
        'answered. Set the address to one that pods can reach.',
    )
  }
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => resolve())
    // The proxy lives as long as the launcher and must not keep it alive.
    server.unref()
  })
}

async function answerFor(request: IncomingMessage, share: CallShare, options: AnswerOptions): Promise<IncomingMessage> {
  const { method = 'GET', url: path = '/', headers } = request
  const chunks: Buffer[] = []
  for await (const chunk of request) {
    share.take((chunk as Buffer).length)
    chunks.push(chunk as Buffer)
  }
  return answerCall({ method, path, headers, body: Buffer.concat(chunks) }, options)
}

function passedHeaders(answer: IncomingMessage): IncomingMessage['headers'] {
  const { connection: _connection, 'keep-alive': _keepAlive, ...passed } = answer.headers
  return passed
}

/** The password is for this proxy alone: the target never sees it. */
function checkPassword(request: IncomingMessage, password: string, envToken: string | undefined): void {
  const given = Buffer.from(request.headers.authorization ?? '')
  const wanted = Buffer.from(`Bearer ${password}`)
  if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
    throw new Refusal(401, `the token is that of ${envToken}`)
  }
  delete request.headers.authorization
}
