import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  eventually,
  exposeToPods,
  packedAdapter,
  paperclipScripts,
  serverPlace,
  startPaperclip,
  type PaperclipServer,
  type ServerPlace,
} from '@agent-jobs/adapter-kit/testing'
import { startScriptedModel, type Scenario, type ScriptedModel } from '@agent-jobs/scripted-model'
import { KubeConfig } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const cluster = process.env['KUBECONFIG']
const bridge = process.env['AGENT_JOBS_BRIDGE'] ?? '10.88.0.1'

interface Run {
  id: string
  status: string
  errorCode: string | null
  error: string | null
  sessionIdBefore: string | null
  sessionIdAfter: string | null
  usageJson: Record<string, unknown> | null
  resultJson: Record<string, unknown> | null
}

const over = new Set(['succeeded', 'failed', 'cancelled', 'timed_out', 'interrupted'])

/** Says how the agent works: it calls Paperclip back with its token and closes its issue. */
const closeIssue: Scenario = (request) => {
  const code = `fetch(process.env.PAPERCLIP_API_URL+'/api/issues/'+process.env.PAPERCLIP_TASK_ID,{method:'PATCH',headers:{'content-type':'application/json',authorization:'Bearer '+process.env.PAPERCLIP_API_KEY,'x-paperclip-run-id':process.env.PAPERCLIP_RUN_ID},body:JSON.stringify({status:'done',comment:'Done from the pod.'})}).then(async r=>console.log('issue',r.status,(await r.text()).slice(0,200)))`
  return request.step === 0
    ? {
        kind: 'message',
        blocks: [
          { type: 'tool', name: 'Bash', input: { command: `node -e "${code}"`, description: 'Close the issue' } },
        ],
      }
    : { kind: 'message', blocks: [{ type: 'text', text: 'The issue is closed.' }] }
}

/** As above, but it takes a while; long enough for the server to die and come back. */
const closeSlowly: Scenario = (request, context) => {
  if (request.step === 0) {
    return {
      kind: 'message',
      blocks: [{ type: 'tool', name: 'Bash', input: { command: 'sleep 20; echo awake', description: 'Take a nap' } }],
    }
  }
  return closeIssue({ ...request, step: request.step - 1 }, context)
}

/** A kubeconfig without files, as someone would paste it into the form. */
function flatKubeconfig(): string {
  const config = new KubeConfig()
  config.loadFromDefault()
  const found = config.getCurrentCluster()
  const user = config.getCurrentUser()
  const authority = found?.caData ?? (found?.caFile ? readFileSync(found.caFile).toString('base64') : undefined)
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: found?.server, 'certificate-authority-data': authority } }],
    users: [{ name: 'u', user: { token: user?.token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  })
}

describe.skipIf(!cluster || !paperclipScripts)('the real Paperclip (needs KUBECONFIG and ../shared/paperclip)', () => {
  let place: ServerPlace
  let model: ScriptedModel
  let server: PaperclipServer
  let door: Awaited<ReturnType<typeof exposeToPods>>
  let company: string

  beforeAll(async () => {
    model = await startScriptedModel({
      host: '0.0.0.0',
      scenarios: { 'close-issue': closeIssue, 'close-slowly': closeSlowly },
    })
    place = await serverPlace({
      namespace: 'adapter-paperclip',
      env: { ANTHROPIC_API_KEY: 'sk-ant-test-0123456789', DATABASE_URL: 'postgres://u:p@db/x' },
      signal: AbortSignal.timeout(100_000),
    })
    server = await startPaperclip({ scripts: paperclipScripts ?? '', volume: place.folder, namespace: place.namespace })
    door = await exposeToPods(() => server.url, bridge)
    const installed = await server.call('POST', '/api/adapters/install', {
      packageName: await packedAdapter(fileURLToPath(new URL('..', import.meta.url))),
      isLocalPath: true,
    })
    if (installed.status !== 201) throw new Error(`The adapter was not installed: ${JSON.stringify(installed)}`)
    company = ((await server.call('POST', '/api/companies', { name: `E2E ${Date.now()}` })).json as { id: string }).id
  })

  afterAll(async () => {
    await server.stop('SIGTERM')
    await door.close()
    await place.close()
    await model.close()
  })

  function config(scenario: string, extra: Record<string, unknown> = {}): Record<string, unknown> {
    return {
      kubeconfig: flatKubeconfig(),
      env: {
        ANTHROPIC_BASE_URL: `http://${bridge}:${new URL(model.url).port}/s/${scenario}`,
        CLAUDE_CODE_MAX_RETRIES: '1',
        SHELL: '/paperclip/bin/bash',
      },
      'resources.requests.cpu': '50m',
      'resources.requests.memory': '64Mi',
      paperclipApiUrl: door.url,
      ...extra,
    }
  }

  async function hire(name: string, adapterConfig: Record<string, unknown>): Promise<string> {
    const answer = await server.call('POST', `/api/companies/${company}/agents`, {
      name,
      role: 'general',
      adapterType: 'claude_k8s',
      adapterConfig,
    })
    expect(answer.status).toBe(201)
    return (answer.json as { id: string }).id
  }

  async function assign(agent: string, title: string): Promise<string> {
    const answer = await server.call('POST', `/api/companies/${company}/issues`, {
      title,
      description: 'Please.',
      status: 'todo',
      assigneeAgentId: agent,
    })
    expect(answer.status).toBe(201)
    return (answer.json as { id: string }).id
  }

  async function finishedRun(agent: string, after: readonly string[] = []): Promise<Run> {
    return eventually(async () => {
      const { json } = await server.call('GET', `/api/companies/${company}/heartbeat-runs?agentId=${agent}&limit=20`)
      const found = (json as Run[]).find((run) => !after.includes(run.id) && over.has(run.status))
      return found ? ((await server.call('GET', `/api/heartbeat-runs/${found.id}`)).json as Run) : null
    }, 'a finished run')
  }

  it('takes the packed adapter as one of its own', async () => {
    const form = await server.call('GET', '/api/adapters/claude_k8s/config-schema')
    expect(form.status).toBe(200)
    expect((form.json as { fields: unknown[] }).fields.length).toBeGreaterThan(30)
    const parser = await server.call('GET', '/api/adapters/claude_k8s/ui-parser.js')
    expect(parser.status).toBe(200)
  })

  it('gets an issue done by an agent in a pod', async () => {
    const agent = await hire('Ada', config('close-issue'))
    const issue = await assign(agent, 'Close me')
    const run = await finishedRun(agent)
    const log = await server.call('GET', `/api/heartbeat-runs/${run.id}/log?offset=0&limitBytes=1000000`)
    const told = JSON.stringify(log.json)
    expect(run, told).toMatchObject({ status: 'succeeded', errorCode: null })
    expect(run.sessionIdAfter).toMatch(/^[0-9a-f-]{36}$/)
    expect(run.usageJson).toMatchObject({ provider: 'anthropic', billingType: 'metered_api' })
    const after = await server.call('GET', `/api/issues/${issue}`)
    expect(after.json, told).toMatchObject({ status: 'done' })
  })

  const runsOf = async (agent: string): Promise<Run[]> =>
    (await server.call('GET', `/api/companies/${company}/heartbeat-runs?agentId=${agent}&limit=20`)).json as Run[]

  async function logOf(run: string): Promise<string> {
    const { json } = await server.call('GET', `/api/heartbeat-runs/${run}/log?offset=0&limitBytes=1000000`)
    return JSON.stringify(json)
  }

  const wake = (agent: string, issueId: string) =>
    server.call('POST', `/api/agents/${agent}/wakeup`, {
      source: 'on_demand',
      triggerDetail: 'manual',
      reason: 'harness_wake',
      payload: { issueId },
    })

  /** Waits until the agent of a run has begun to speak. */
  async function speaking(agent: string): Promise<string> {
    return eventually(async () => {
      const run = (await runsOf(agent)).find(({ status }) => status === 'running')
      return run && (await logOf(run.id)).includes('subtype') ? run.id : null
    }, 'an agent that speaks')
  }

  it('continues the session of a task in a new pod', async () => {
    const agent = await hire('Bea', config('text'))
    const issue = await assign(agent, 'Talk to me')
    const first = await finishedRun(agent)
    expect(first, await logOf(first.id)).toMatchObject({ status: 'succeeded' })
    await wake(agent, issue)
    const second = await finishedRun(agent, [first.id])
    expect(second, await logOf(second.id)).toMatchObject({
      status: 'succeeded',
      sessionIdBefore: first.sessionIdAfter,
      sessionIdAfter: first.sessionIdAfter,
    })
  })

  it('is cancelled at once by the operator, and the task stays clean', async () => {
    const agent = await hire('Cid', config('hang'))
    const issue = await assign(agent, 'Hang on')
    const run = await speaking(agent)
    const askedAt = Date.now()
    const answer = await server.call('POST', `/api/heartbeat-runs/${run}/cancel`, {})
    const tookMs = Date.now() - askedAt
    expect(answer.status, JSON.stringify(answer.json)).toBe(200)
    expect(tookMs).toBeLessThan(15_000)
    const row = (await server.call('GET', `/api/heartbeat-runs/${run}`)).json as Run
    expect(row).toMatchObject({ status: 'cancelled', sessionIdAfter: expect.any(String) })
    const after = await server.call('GET', `/api/issues/${issue}`)
    expect(after.json).toMatchObject({ status: 'in_progress', activeRecoveryAction: null })
  })

  it('leaves a task that failed restartable', async () => {
    const agent = await hire('Dot', config('401'))
    const issue = await assign(agent, 'Fail')
    const run = await finishedRun(agent)
    expect(run, await logOf(run.id)).toMatchObject({ status: 'failed', errorCode: 'auth_failed' })
    // Paperclip itself tries again, twice at most; until then other wake-ups wait for that.
    const retry = await eventually(
      async () =>
        (await runsOf(agent)).find(({ status }) => ['scheduled_retry', 'queued', 'running'].includes(status)) ?? null,
      'a retry',
      20_000,
    )
    expect(retry.id).not.toBe(run.id)
    const after = await server.call('GET', `/api/issues/${issue}`)
    expect(after.json).toMatchObject({ activeRecoveryAction: null })
    expect((after.json as { status: string }).status).not.toBe('blocked')
  })

  it('takes its Jobs back after kill -9 of the server, and the issue gets done once', async () => {
    const file = join(place.folder, 'kubeconfig.json')
    writeFileSync(file, flatKubeconfig(), { mode: 0o644 })
    const agent = await hire('Eve', config('close-slowly', { kubeconfig: '/paperclip/kubeconfig.json' }))
    const issue = await assign(agent, 'Survive')
    const lost = await speaking(agent)
    await server.stop('SIGKILL')
    server = await startPaperclip({ scripts: paperclipScripts ?? '', volume: place.folder, namespace: place.namespace })
    const run = await finishedRun(agent, [lost])
    const told = await logOf(run.id)
    expect(run, told).toMatchObject({ status: 'succeeded' })
    expect(told).toContain('Reattached to K8s Job')
    expect(told.match(/subtype....?:....?init/g) ?? []).toHaveLength(1)
    const after = await server.call('GET', `/api/issues/${issue}`)
    expect(after.json, told).toMatchObject({ status: 'done' })
  })

  it('takes its Jobs back after an orderly stop of the server, too', async () => {
    const agent = await hire('Fay', config('close-slowly', { kubeconfig: '/paperclip/kubeconfig.json' }))
    const issue = await assign(agent, 'Survive again')
    const lost = await speaking(agent)
    await server.stop('SIGTERM')
    server = await startPaperclip({ scripts: paperclipScripts ?? '', volume: place.folder, namespace: place.namespace })
    const run = await finishedRun(agent, [lost])
    const told = await logOf(run.id)
    expect(run, told).toMatchObject({ status: 'succeeded' })
    expect(told).toContain('Reattached to K8s Job')
    // The pod's first token died with its run; the next turn of the agent, with a token of its own, closes the issue.
    await eventually(async () => {
      const { json } = await server.call('GET', `/api/issues/${issue}`)
      return (json as { status: string }).status === 'done' ? json : null
    }, 'the issue to be done')
  })
})
