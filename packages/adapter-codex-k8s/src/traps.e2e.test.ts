import { randomUUID } from 'node:crypto'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { once } from 'node:events'
import { join } from 'node:path'
import { kinds } from '@agent-jobs/kube-api'
import { paperclipContext, realPaperclipPlace, type Told } from '@agent-jobs/paperclip-testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { codexAgent } from '../test/codex-agent.ts'

const cluster = process.env['KUBECONFIG']
const bridge = process.env['AGENT_JOBS_BRIDGE'] ?? '10.88.0.1'

// The traps of docs/agent-clis.md#codex-traps: each was measured with Codex alone, and must not reach a user.
describe.skipIf(!cluster)('the traps of Codex on a real cluster (needs KUBECONFIG)', () => {
  let place: Awaited<ReturnType<typeof realPaperclipPlace>>
  beforeAll(async () => {
    place = await realPaperclipPlace(codexAgent, 'codex-traps-e2e')
  })
  afterAll(() => place.close())

  interface RunOptions {
    extra?: Record<string, unknown>
    /** Shell command that the scripted model runs. */
    command?: string
    session?: Record<string, unknown> | null
    task?: string
    agentId?: string
    signal?: AbortSignal
    onLog?: (chunk: string) => void
  }

  async function run(scenario: string, options: RunOptions = {}) {
    const { extra = {}, command, session = null, task = randomUUID(), agentId = randomUUID() } = options
    const { ctx, told } = paperclipContext({
      runId: randomUUID(),
      agentId,
      ...(options.signal ? { signal: options.signal } : {}),
      adapterType: 'codex_k8s',
      config: place.config(scenario, extra),
      context: {
        taskId: task,
        issueId: task,
        ...(command === undefined ? {} : { paperclipTaskMarkdown: `Run \`${command}\`` }),
      },
      runtime: { sessionParams: session, taskKey: task },
      onLog: async (_stream, chunk) => options.onLog?.(chunk),
    })
    return { result: await place.adapter().execute(ctx), told, task, agentId }
  }
  type Ran = Awaited<ReturnType<typeof run>>

  const logOf = (told: Told): string => told.log.map(({ chunk }) => chunk).join('')
  const again = (ran: Ran, { scenario = 'text', ...more }: RunOptions & { scenario?: string } = {}): Promise<Ran> =>
    run(scenario, { session: ran.result.sessionParams ?? null, task: ran.task, agentId: ran.agentId, ...more })

  /** The rollout file of a run on this machine. */
  function rolloutOf(ran: Ran): string {
    const [, folder = ''] = /Sessions in: (\/paperclip\/[^"]+)"/.exec(JSON.stringify(ran.told.meta)) ?? []
    const root = join(place.folder, folder.slice('/paperclip/'.length))
    const names = readdirSync(root, { recursive: true, encoding: 'utf8' })
    return join(root, names.find((name) => name.endsWith(`-${ran.result.sessionId}.jsonl`)) ?? 'no rollout')
  }

  it('stops the running command with the run', async () => {
    const stop = new AbortController()
    const mark = `sleep 3${Date.now() % 1e8}`
    const { result, told, agentId } = await run('tool', {
      command: mark,
      signal: stop.signal,
      onLog: (chunk) => {
        if (chunk.includes('"status":"in_progress"')) stop.abort(new Error('Cancelled by the board'))
      },
    })
    expect(result, logOf(told)).toMatchObject({
      errorCode: 'cancelled',
      executionRecovery: { kind: 'interrupted', providerStopped: true },
    })
    // The program reports what was used when Codex has ended by SIGINT: neither of them was killed.
    expect(result.usage?.outputTokens, logOf(told)).toBeGreaterThan(0)
    const gone = new AbortController()
    const pods = place.client.listWatch(kinds.Pod, {
      namespace: place.namespace,
      labelSelector: `paperclip.io/agent-id=${agentId}`,
      signal: gone.signal,
    })
    const left = new Set<string>()
    for await (const event of pods) {
      if (event.type !== 'synced') left[event.type === 'deleted' ? 'delete' : 'add'](event.object.metadata?.uid ?? '')
      if ((event.type === 'synced' || event.type === 'deleted') && left.size === 0) gone.abort()
    }
    const processes = readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => {
        try {
          return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        } catch {
          return 'a process that has ended'
        }
      })
    expect(processes.filter((line) => line.includes(mark))).toEqual([])
  })

  it.each([
    ['refuses connections', `http://${bridge}:1/v1`],
    ['has an unknown host name', 'http://no-such-host.invalid/v1'],
  ])('ends a run whose model API %s', async (_what, url) => {
    // Few retries, to be short: without the feature switched off, Codex goes on whatever they are.
    const few = ['request_max_retries=0', 'stream_max_retries=1'].flatMap((each) => [
      '-c',
      `model_providers.agent-jobs.${each}`,
    ])
    const extra = { env: { OPENAI_BASE_URL: url, CODEX_API_KEY: 'k' }, extraArgs: few }
    const { result, told } = await run('text', { extra })
    expect(result, logOf(told)).toMatchObject({ errorCode: 'upstream_error', errorFamily: 'transient_upstream' })
  })

  it('never passes on an id that is not a thread’s', async () => {
    const { result, told } = await run('text', { session: { sessionId: '--last', cwd: '/paperclip' } })
    expect(logOf(told)).toContain('its id is not one of this agent')
    expect(result, logOf(told)).toMatchObject({ exitCode: 0 })
  })

  it('resumes with the model of the thread, and counts the tokens of the run alone', async () => {
    const before = await run('text')
    expect(before.result, logOf(before.told)).toMatchObject({ exitCode: 0, model: 'gpt-5.5' })
    const after = await again(before, { extra: { model: '' } })
    expect(after.result, logOf(after.told)).toMatchObject({
      exitCode: 0,
      sessionId: before.result.sessionId,
      model: 'gpt-5.5',
      usageBasis: 'per_run',
    })
    expect(place.model.requests.at(-1)).toMatchObject({ model: 'gpt-5.5', turn: 2 })
    const [first = 0, second = 0] = [before.result.usage?.outputTokens, after.result.usage?.outputTokens]
    expect(second).toBeGreaterThan(0)
    expect(second).toBeLessThan(first * 2)
  })

  it('reports a damaged rollout, then starts a new session and says so; a cut one still resumes', async () => {
    const before = await run('text')
    const file = rolloutOf(before)
    const whole = readFileSync(file)
    writeFileSync(file, whole.subarray(0, whole.length - 40))
    const cut = await again(before)
    expect(cut.result, logOf(cut.told)).toMatchObject({ exitCode: 0, sessionId: before.result.sessionId })
    writeFileSync(file, Buffer.from([0x7b, 0xff, 0xfe, 0x0a, 0xff]))
    const damaged = await again(before)
    expect(damaged.result, logOf(damaged.told)).toMatchObject({ errorCode: 'session_unavailable', clearSession: true })
    writeFileSync(file, '')
    const empty = await again(before)
    expect(logOf(empty.told)).toContain('is no longer on the data volume')
    expect(empty.result, logOf(empty.told)).toMatchObject({ exitCode: 0 })
    expect(empty.result.sessionId).not.toBe(before.result.sessionId)
  })

  it('lets only one process write a thread: a second one ends, and the session is kept', async () => {
    const before = await run('text')
    const stop = new AbortController()
    const atWork = place.model.asked('hang')
    const writing = again(before, { scenario: 'hang', signal: stop.signal })
    await Promise.race([atWork, writing])
    const second = await again(before, { extra: { waitForConcurrent: false } })
    expect(second.result, logOf(second.told)).toMatchObject({ errorCode: 'k8s_concurrent_run_blocked' })
    stop.abort(new Error('Cancelled by the board'))
    expect((await writing).result).toMatchObject({ errorCode: 'cancelled' })
    const after = await again(before)
    expect(after.result, logOf(after.told)).toMatchObject({ exitCode: 0, sessionId: before.result.sessionId })
  })

  it('gives Codex the prompt on a standard input that ends', async () => {
    // Codex would wait for an open one. A second reader of its pipe finds the end at once, and no prompt left.
    const command = 'timeout 5 cat /proc/$(pgrep -o -x codex)/fd/0 | wc -c; echo "ended ${PIPESTATUS[0]}"'
    const { result, told } = await run('tool', { command })
    expect(result, logOf(told)).toMatchObject({ exitCode: 0 })
    expect(result.summary).toMatch(/\d+\nended 0/)
  })

  it('runs commands without a sandbox, and lets them remove folders', async () => {
    const { result, told } = await run('tool', { command: 'mkdir -p d/e && rm -rf d && echo gone' })
    expect(result, logOf(told)).toMatchObject({ exitCode: 0 })
    expect(result.summary).toContain('The command said:\n\ngone')
  })

  it('hides the key of the model from commands, and nothing else', async () => {
    const command = 'printenv CODEX_API_KEY OPENAI_API_KEY | wc -c; printenv PAPERCLIP_AGENT_ID'
    const { result, told, agentId } = await run('tool', { command })
    expect(result, logOf(told)).toMatchObject({ exitCode: 0 })
    expect(result.summary).toContain(`0\n${agentId}`)
  })

  it('shows what its sandbox does to commands where pods have no user namespaces', async () => {
    const { result, told } = await run('tool', {
      command: 'echo inside',
      extra: { dangerouslyBypassApprovalsAndSandbox: false },
    })
    expect(logOf(told)).toContain("Codex's own sandbox is on")
    expect(result, logOf(told)).toMatchObject({ exitCode: 0 })
    expect(result.summary).toMatch(/inside|bwrap|Operation not permitted/)
  })

  it('uses no network at the start', async () => {
    const asked: string[] = []
    const proxy = createServer().on('connect', (request, socket) => {
      asked.push(request.url ?? '')
      socket.destroy()
    })
    proxy.listen(0, '0.0.0.0')
    await once(proxy, 'listening')
    const address = proxy.address()
    const url = `http://${bridge}:${typeof address === 'object' ? address?.port : 0}`
    const env = (place.config('text')['env'] ?? {}) as Record<string, string>
    const throughProxy = { env: { ...env, HTTPS_PROXY: url, https_proxy: url } }
    const { result, told } = await run('text', { extra: throughProxy })
    expect(result, logOf(told)).toMatchObject({ exitCode: 0 })
    expect(asked).toEqual([])
    proxy.close()
  })

  it('says until when a usage limit holds', async () => {
    const { result, told } = await run('usage-limit')
    expect(result, logOf(told)).toMatchObject({
      errorCode: 'quota_exhausted',
      errorFamily: 'provider_quota',
      retryNotBefore: '2100-01-01T00:00:00.000Z',
    })
  })

  it('refreshes a ChatGPT login once, and keeps what it got for the next run', async () => {
    const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url')
    const token = (exp: number): string =>
      `${part({ alg: 'none' })}.${part({
        exp,
        email: 'a@example.com',
        'https://api.openai.com/auth': { chatgpt_plan_type: 'plus', chatgpt_account_id: 'acc', chatgpt_user_id: 'u' },
      })}.sig`
    let refreshed = 0
    const issuer = createServer((_request, response) => {
      refreshed++
      response.setHeader('content-type', 'application/json')
      response.end(
        JSON.stringify({ id_token: token(4e9), access_token: token(4e9), refresh_token: `refresh-${refreshed}` }),
      )
    })
    issuer.listen(0, '0.0.0.0')
    await once(issuer, 'listening')
    const address = issuer.address()
    const port = typeof address === 'object' ? address?.port : 0
    const model = ((place.config('text')['env'] ?? {}) as Record<string, string>)['OPENAI_BASE_URL'] ?? ''
    const expired = { id_token: token(1), access_token: token(1), refresh_token: 'refresh-0', account_id: 'acc' }
    const extra = {
      authJson: { auth_mode: 'chatgpt', OPENAI_API_KEY: null, tokens: expired, last_refresh: '2026-01-01T00:00:00Z' },
      env: {
        CODEX_API_KEY: '',
        OPENAI_BASE_URL: model,
        CODEX_REFRESH_TOKEN_URL_OVERRIDE: `http://${bridge}:${port}/oauth/token`,
      },
    }
    const before = await run('text', { extra })
    expect(before.result, logOf(before.told)).toMatchObject({
      exitCode: 0,
      biller: 'chatgpt',
      billingType: 'subscription',
    })
    const after = await again(before, { extra })
    expect(after.result, logOf(after.told)).toMatchObject({ exitCode: 0 })
    expect(refreshed).toBe(1)
    expect(logOf(before.told) + logOf(after.told)).not.toContain('refresh-1')
    issuer.close()
  })
})
