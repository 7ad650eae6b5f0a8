import { readFileSync } from 'node:fs'
import { startScriptedModel, type Scenario, type ScriptedModel } from '@agent-jobs/scripted-model'
import { KubeConfig } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { packedAdapter } from './testing/packed-adapter.ts'
import {
  eventually,
  exposeToPods,
  paperclipScripts,
  startPaperclip,
  type PaperclipServer,
} from './testing/paperclip-server.ts'
import { serverPlace, type ServerPlace } from './testing/real-cluster.ts'

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
    model = await startScriptedModel({ host: '0.0.0.0', scenarios: { 'close-issue': closeIssue } })
    place = await serverPlace({
      namespace: 'adapter-paperclip',
      env: { ANTHROPIC_API_KEY: 'sk-ant-test-0123456789', DATABASE_URL: 'postgres://u:p@db/x' },
      signal: AbortSignal.timeout(100_000),
    })
    server = await startPaperclip({ scripts: paperclipScripts ?? '', volume: place.folder, namespace: place.namespace })
    door = await exposeToPods(() => server.url, bridge)
    const installed = await server.call('POST', '/api/adapters/install', {
      packageName: await packedAdapter(),
      isLocalPath: true,
    })
    expect(installed).toMatchObject({ status: 201, json: { type: 'claude_k8s' } })
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
      const found = (json as Run[]).find(
        (run) => !after.includes(run.id) && !['queued', 'running'].includes(run.status),
      )
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
})
