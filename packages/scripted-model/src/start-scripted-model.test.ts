import { createServer } from 'node:http'
import { afterEach, describe, expect, it } from 'vitest'
import { ScriptedModelError, startScriptedModel, type ScriptedModel, type ScriptedModelOptions } from './index.ts'

const open: ScriptedModel[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((model) => model.close()))
})
async function start(options: ScriptedModelOptions = {}): Promise<ScriptedModel> {
  const model = await startScriptedModel({ random: () => 0.5, ...options })
  open.push(model)
  return model
}
const tools = [{ name: 'Bash', input_schema: {} }]
const messages = [{ role: 'user', content: 'Hello there' }]
const post = (url: string, body: unknown, init: RequestInit = {}): Promise<Response> =>
  fetch(url, { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), ...init })

function events(stream: string): Record<string, unknown>[] {
  const data = stream.split('\n').filter((line) => line.startsWith('data: ') && line !== 'data: [DONE]')
  return data.map((line): Record<string, unknown> => JSON.parse(line.slice(6)))
}

describe('a raw reply', () => {
  const body = 'event: error\ndata: {"type":"error"}\n\n'

  it('is sent as it is, as a stream of events unless it says otherwise', async () => {
    const model = await start({ scenarios: { text: () => ({ kind: 'raw', body }) } })
    const response = await post(`${model.url}/v1/messages`, { tools, messages })
    expect(response.status).toBe(200)
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    expect(await response.text()).toBe(body)
  })

  it('has the status and the headers that it names', async () => {
    const reply = {
      kind: 'raw',
      status: 502,
      headers: { 'content-type': 'text/html' },
      body: '<p>Bad gateway',
    } as const
    const model = await start({ scenarios: { text: () => reply } })
    const response = await post(`${model.url}/v1/messages`, { tools, messages })
    expect([response.status, response.headers.get('content-type')]).toEqual([502, 'text/html'])
    expect(model.requests).toMatchObject([{ status: 502 }])
  })

  it.each(['cut', 'hang'] as const)('can %s after its bytes', async (then) => {
    // oxlint-disable-next-line unicorn/no-thenable -- a word, not a function
    const model = await start({ scenarios: { text: () => ({ kind: 'raw', body, then }) } })
    const response = await post(`${model.url}/v1/messages`, { tools, messages })
    const reader = response.body?.getReader()
    const first = await reader?.read()
    expect(new TextDecoder().decode(first?.value)).toBe(body)
    const rest = reader?.read()
    await model.close()
    await expect(rest).rejects.toThrow('terminated')
  })
})

describe('the Messages API', () => {
  it('streams an answer in the order of the real service', async () => {
    const model = await start()
    const response = await post(`${model.url}/v1/messages?beta=true`, { model: 'm', stream: true, tools, messages })
    expect(response.headers.get('content-type')).toContain('text/event-stream')
    const seen = events(await response.text())
    const types = seen.map((event) => event['type'])
    expect(types.filter((type, at) => type !== types[at - 1])).toEqual([
      'message_start',
      'ping',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
    ])
    expect(seen.at(-2)).toMatchObject({
      delta: { stop_reason: 'end_turn' },
      usage: { output_tokens: expect.any(Number) },
    })
  })

  it('streams tool input that joins to JSON', async () => {
    const model = await start({ scenario: 'tool' })
    const response = await post(`${model.url}/v1/messages`, {
      stream: true,
      tools,
      messages: [{ role: 'user', content: 'Run `echo "hi"`' }],
    })
    const json = events(await response.text()).flatMap((event) => {
      const delta = event['delta']
      return typeof delta === 'object' && delta !== null && 'partial_json' in delta ? [String(delta.partial_json)] : []
    })
    expect(JSON.parse(json.join(''))).toEqual({ command: 'echo "hi"', description: 'Look around' })
  })

  it('answers in one piece when not asked to stream', async () => {
    const model = await start({ scenario: 'thinking-tool' })
    const response = await post(`${model.url}/v1/messages`, { model: 'm', tools, messages })
    expect(await response.json()).toMatchObject({
      type: 'message',
      model: 'm',
      content: [{ type: 'thinking' }, { type: 'tool_use', name: 'Bash' }],
      stop_reason: 'tool_use',
    })
  })

  it('counts tokens', async () => {
    const model = await start()
    const response = await post(`${model.url}/v1/messages/count_tokens`, {
      messages: [{ role: 'user', content: 'x'.repeat(4000) }],
    })
    expect(await response.json()).toEqual({ input_tokens: expect.any(Number) })
  })

  it('gives errors in the form of the service, with retry-after', async () => {
    const model = await start()
    const response = await post(`${model.scenarioUrl('429')}/v1/messages`, { tools, messages })
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('1')
    expect(await response.json()).toMatchObject({ type: 'error', error: { type: 'rate_limit_error' } })
  })
})

describe('the chat-completions API', () => {
  const chatTools = [{ type: 'function', function: { name: 'bash' } }]

  it('streams chunks, usage and [DONE]', async () => {
    const model = await start({ scenario: 'thinking-tool' })
    const response = await post(`${model.url}/v1/chat/completions`, {
      model: 'm',
      stream: true,
      tools: chatTools,
      messages,
    })
    const body = await response.text()
    expect(body.endsWith('data: [DONE]\n\n')).toBe(true)
    expect(body).toContain('"reasoning_content"')
    expect(body).toContain('"finish_reason":"tool_calls"')
    expect(events(body).at(-1)).toMatchObject({ choices: [], usage: { completion_tokens: expect.any(Number) } })
  })

  it('answers in one piece when not asked to stream', async () => {
    const model = await start({ scenario: 'tool' })
    const response = await post(`${model.url}/v1/chat/completions`, { model: 'm', tools: chatTools, messages })
    expect(await response.json()).toMatchObject({
      object: 'chat.completion',
      choices: [{ message: { tool_calls: [{ function: { name: 'bash' } }] }, finish_reason: 'tool_calls' }],
    })
  })

  it('leaves the finish reason out where the scenario says so', async () => {
    const model = await start({ scenario: 'null-stop' })
    const response = await post(`${model.url}/v1/chat/completions`, { stream: true, tools: chatTools, messages })
    expect(await response.text()).not.toMatch(/"finish_reason":"/)
  })

  it('gives errors in the form of the service', async () => {
    const model = await start()
    const response = await post(`${model.scenarioUrl('402')}/v1/chat/completions`, { tools: chatTools, messages })
    expect(response.status).toBe(402)
    expect(await response.json()).toMatchObject({ error: { type: 'billing_error', message: expect.any(String) } })
  })
})

describe('the Responses API', () => {
  const input = [{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hello' }] }]
  const shell = [{ type: 'function', name: 'exec_command' }]
  const types = (body: string): string[] => [...body.matchAll(/^event: (.+)$/gm)].map(([, type]) => type ?? '')

  it('streams items with their deltas, and the whole response at the end', async () => {
    const model = await start({ scenario: 'thinking-tool' })
    const response = await post(`${model.url}/v1/responses`, { model: 'm', stream: true, tools: shell, input })
    const body = await response.text()
    expect([...new Set(types(body))]).toEqual([
      'response.created',
      'response.output_item.added',
      'response.reasoning_summary_text.delta',
      'response.output_item.done',
      'response.function_call_arguments.delta',
      'response.completed',
    ])
    expect(events(body).at(-1)).toMatchObject({
      type: 'response.completed',
      response: {
        status: 'completed',
        output: [{ type: 'reasoning' }, { type: 'function_call', name: 'exec_command' }],
        usage: { input_tokens: expect.any(Number), output_tokens: expect.any(Number) },
      },
    })
  })

  it('answers in one piece when not asked to stream', async () => {
    const model = await start({ scenario: 'text' })
    const response = await post(`${model.url}/v1/responses`, { model: 'm', tools: shell, input })
    expect(await response.json()).toMatchObject({
      object: 'response',
      output: [{ type: 'message', content: [{ type: 'output_text', text: expect.stringContaining('Hello') }] }],
    })
  })

  it.each([
    ['max-tokens', 'response.incomplete', 'max_output_tokens'],
    ['refusal', 'response.incomplete', 'content_filter'],
    ['prompt-too-long', 'response.failed', 'context_length_exceeded'],
    ['null-stop', 'response.output_item.done', 'I stop without a reason.'],
  ])('ends %s with %s', async (scenario, type, reason) => {
    const model = await start({ scenario })
    const body = await (await post(`${model.url}/v1/responses`, { stream: true, tools: shell, input })).text()
    expect(types(body).at(-1)).toBe(type)
    expect(JSON.stringify(events(body).at(-1))).toContain(reason)
  })

  it('tells a subscriber in the body when the limit of the plan ends', async () => {
    const model = await start({ scenario: 'usage-limit' })
    const response = await post(`${model.url}/v1/responses`, { stream: true, tools: shell, input })
    expect(response.status).toBe(429)
    expect(await response.json()).toMatchObject({ error: { type: 'usage_limit_reached', resets_at: 4_102_444_800 } })
  })
})

describe('the server', () => {
  it('counts requests of different keys apart', async () => {
    const model = await start()
    const status = async (key: string): Promise<number> =>
      (await post(`${model.scenarioUrl('529-once', key)}/v1/messages`, { tools, messages })).status
    expect([await status('a'), await status('a'), await status('b'), await status('a'), await status('b')]).toEqual([
      529, 200, 529, 200, 200,
    ])
  })

  it('cuts a stream where the scenario says so', async () => {
    const model = await start({ scenario: 'cut' })
    const response = await post(`${model.url}/v1/messages`, { stream: true, tools, messages })
    await expect(response.text()).rejects.toThrow('terminated')
  })

  it('lets a hanging request wait until the caller gives up', async () => {
    const model = await start({ scenario: 'hang' })
    const caller = new AbortController()
    const waiting = post(`${model.url}/v1/messages`, { tools, messages }, { signal: caller.signal })
    await expect.poll(() => model.requests.length).toBe(1)
    caller.abort()
    await expect(waiting).rejects.toThrow(/abort/i)
    expect(model.requests[0]).toMatchObject({ scenario: 'hang', status: 0 })
  })

  it('ends hanging requests when it closes, and closes twice without harm', async () => {
    const model = await start({ scenario: 'hang' })
    const waiting = post(`${model.url}/v1/messages`, { tools, messages })
    const failure = waiting.then(
      () => 'answered',
      () => 'failed',
    )
    await expect.poll(() => model.requests.length).toBe(1)
    await Promise.all([model.close(), model.close()])
    expect(await failure).toBe('failed')
  })

  it('stays silent before the first byte for as long as a reply asks for', async () => {
    const slept: number[] = []
    const clock = { now: () => 1_000, wallTime: () => 1_000, sleep: async (ms: number) => void slept.push(ms) }
    const silent = () => ({ kind: 'message', blocks: [{ type: 'text', text: 'Hi' }], startDelayMs: 90_000 }) as const
    const model = await start({ scenario: 'silent', scenarios: { silent }, clock })
    await (await post(`${model.url}/v1/messages`, { stream: true, tools, messages })).text()
    expect(slept).toEqual([90_000])
  })

  it('pauses between the pieces of a dripping answer by the given clock', async () => {
    const slept: number[] = []
    const clock = { now: () => 1_000, wallTime: () => 1_000, sleep: async (ms: number) => void slept.push(ms) }
    const model = await start({ scenario: 'drip', clock })
    await (await post(`${model.url}/v1/messages`, { stream: true, tools, messages })).text()
    expect(slept.length).toBeGreaterThan(2)
    expect(new Set(slept)).toEqual(new Set([200]))
  })

  it('keeps no header and no more summaries than allowed', async () => {
    const model = await start({ maxRequests: 3 })
    for (let i = 0; i < 5; i += 1) {
      const headers = { 'x-api-key': 'sk-secret', authorization: 'Bearer sk-secret' }
      await (await post(`${model.url}/s/text/run-${i}/v1/messages`, { tools, messages }, { headers })).text()
    }
    expect(model.requests.map((entry) => entry.path)).toEqual([2, 3, 4].map((i) => `/s/text/run-${i}/v1/messages`))
    expect(JSON.stringify(model.requests)).not.toContain('sk-secret')
    expect(model.requests[0]).toMatchObject({
      scenario: 'text',
      status: 200,
      promptHead: 'Hello there',
      tools: ['Bash'],
    })
  })

  it.each([
    ['an unknown scenario', 'POST', '/s/nope/v1/messages', '{}', 404, 'Known scenarios: '],
    ['an unknown path', 'POST', '/v1/organizations', '{}', 404, 'nothing at /v1/organizations'],
    ['a wrong method', 'DELETE', '/v1/messages', undefined, 405, 'Use POST'],
    ['a body that is not JSON', 'POST', '/v1/messages', '{', 400, 'not JSON'],
    ['a body that is not an object', 'POST', '/v1/messages', '[]', 400, 'not an object'],
    ['a body that is too large', 'POST', '/v1/messages', JSON.stringify({ x: 'y'.repeat(2000) }), 413, '1000 bytes'],
  ])('says what is wrong with %s', async (_what, method, path, body, status, words) => {
    const model = await start({ maxBodyBytes: 1000 })
    const response = await fetch(`${model.url}${path}`, { method, ...(body === undefined ? {} : { body }) })
    expect(response.status).toBe(status)
    expect(await response.text()).toContain(words)
  })

  it('lists models and names itself', async () => {
    const model = await start()
    expect(await (await fetch(`${model.url}/v1/models`)).json()).toMatchObject({ data: [{ id: 'scripted-model' }] })
    expect(await (await fetch(`${model.url}/`)).json()).toMatchObject({ name: '@agent-jobs/scripted-model' })
  })

  it('serves scenarios of the caller, and says when they fail', async () => {
    const model = await start({
      scenarios: {
        mine: (request) => ({ kind: 'message', blocks: [{ type: 'text', text: request.prompt.toUpperCase() }] }),
        broken: () => {
          throw new Error('no idea')
        },
      },
    })
    const mine = await post(`${model.scenarioUrl('mine')}/v1/messages`, { tools, messages })
    expect(await mine.json()).toMatchObject({ content: [{ text: 'HELLO THERE' }] })
    const broken = await post(`${model.scenarioUrl('broken')}/v1/messages`, { tools, messages })
    expect(broken.status).toBe(500)
    expect(await broken.text()).toContain('no idea')
  })

  it('refuses options that make no sense', async () => {
    await expect(startScriptedModel({ scenario: 'nope' })).rejects.toThrow(
      /Expected `scenario` to be one of .*, got `nope`/,
    )
    await expect(startScriptedModel({ maxRequests: 0 })).rejects.toThrow(
      'Expected `maxRequests` to be a positive integer, got `0`',
    )
  })

  it('says so when the port is taken', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => other.once('listening', resolve))
    const address = other.address()
    const port = typeof address === 'object' && address !== null ? address.port : 0
    const error: unknown = await startScriptedModel({ port }).catch((cause: unknown) => cause)
    expect(ScriptedModelError.isInstance(error) && error.code).toBe('listen_failed')
    await new Promise((resolve) => other.close(resolve))
  })
})
