import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paperclipContext } from '../../test/paperclip-context.ts'
import { scriptAgent } from '../../test/script-agent.ts'
import { startScriptCluster, type ScriptCluster } from '../../test/script-cluster.ts'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import { createClusterPool, type ClusterPool } from '../cluster/cluster-pool.ts'
import { createAdapter, systemDependencies } from '../create-adapter.ts'
import { freshState } from '../restart/process-state.ts'
import { imageOutput } from '../models/image-output.ts'
import { probeFolderOf } from './places.ts'
import { planRun } from './plan-run.ts'
import { prepareStart } from './prepare-start.ts'

const session = randomUUID()
const definition: AgentDefinition = {
  ...scriptAgent('console.log(1)'),
  isSessionId: () => true,
  findSession: async () => 'present',
  prepare: async ({ cwd, home, mcpServers, bundle }) => ({
    argv: ['node', '--version'],
    env: {
      SEEN: JSON.stringify({ cwd, home, mcpServers: Object.keys(mcpServers), instructions: bundle.instructionsFile }),
    },
    files: [],
    notes: [],
    warnings: [],
  }),
}

describe('a setting in the request of a run', () => {
  let cluster: ScriptCluster
  let clusters: ClusterPool
  beforeAll(async () => {
    cluster = await startScriptCluster()
    const env = [
      { name: 'ANTHROPIC_API_KEY', value: 'sk-ant-of-the-server' },
      { name: 'LINEAR_API_KEY', value: 'linear-of-the-server' },
    ]
    await cluster.client.create(
      kinds.Pod,
      {
        metadata: { name: 'paperclip-0' },
        spec: {
          containers: [
            {
              name: 'paperclip',
              image: 'agent:1',
              command: ['sleep', '3600'],
              env,
              volumeMounts: [{ name: 'data', mountPath: '/paperclip' }],
            },
          ],
          volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
        },
      },
      { namespace: cluster.namespace },
    )
    clusters = createClusterPool({ env: cluster.env })
  })
  afterAll(async () => {
    await clusters.close()
    await cluster.close()
  })

  const dependencies = (policy: object = {}) =>
    systemDependencies({
      env: {
        ...cluster.env,
        HOSTNAME: 'paperclip-0',
        PAPERCLIP_HOME: cluster.volume,
        AGENT_JOBS_POLICY: JSON.stringify(policy),
      },
      clusters,
      state: freshState(),
    })

  async function prepared(extra: Record<string, unknown>, policy: object = {}, runtime: Record<string, unknown> = {}) {
    const { workspaceVolumeClaim: _claim, ...config } = cluster.config(extra)
    const { ctx } = paperclipContext({ config, runtime })
    const plan = await planRun(definition, dependencies(policy), ctx, AbortSignal.timeout(10_000))
    const start = await prepareStart(definition, plan, ctx, {
      proxy: null,
      granted: new Map(),
      telemetry: {},
      traceRecord: null,
    })
    const { request } = start
    return {
      plan,
      start,
      env: { ...request.env, ...request.secretEnv },
      seen: JSON.parse(request.secretEnv?.['SEEN'] ?? '{}') as Record<string, unknown>,
      folders: (request.mounts ?? []).map(({ mountPath }) => mountPath),
      prompt: String(request.command.stdin),
    }
  }
  const own = () => join(cluster.volume, 'instances', 'default')
  const company = '6fa459ea-ee8a-3ca4-894e-db77e160355e'
  const agent = '1b4e28ba-2fa1-11d2-883f-0016d3cca427'

  it('env reaches the agent', async () => {
    expect((await prepared({ env: { COLOR: 'blue' } })).env).toMatchObject({ COLOR: 'blue' })
  })

  it('inheritedEnvAllow and inheritedEnvDeny decide which variables of the server reach it', async () => {
    const policy = { allow: { inheritedEnvAllow: ['LINEAR_*'] } }
    const plain = await prepared({})
    expect(plain.env['ANTHROPIC_API_KEY']).toBe('sk-ant-of-the-server')
    expect(plain.env).not.toHaveProperty('LINEAR_API_KEY')
    expect((await prepared({ inheritedEnvAllow: 'LINEAR_API_KEY' }, policy)).env['LINEAR_API_KEY']).toBe(
      'linear-of-the-server',
    )
    expect((await prepared({ inheritedEnvDeny: 'ANTHROPIC_*' })).env).not.toHaveProperty('ANTHROPIC_API_KEY')
  })

  it('AGENT_ENV_ALLOWLIST and "inherit.env" of the policy add variables for every agent', async () => {
    expect((await prepared({}, { inherit: { env: ['LINEAR_*'] } })).env['LINEAR_API_KEY']).toBe('linear-of-the-server')
  })

  it('volumeAccess decides whether the pod gets folders or the whole volume', async () => {
    expect((await prepared({})).folders).toContain(join(own(), 'data', 'agent-jobs', company, agent))
    const whole = await prepared({ volumeAccess: 'whole' }, { allow: { volumeAccess: true } })
    expect(whole.folders).toEqual([cluster.volume])
  })

  it('workspaceMountPath says where the volume is in the pod', async () => {
    const { folders } = await prepared(
      { workspaceMountPath: '/elsewhere', volumeAccess: 'whole' },
      { allow: { volumeAccess: true } },
    )
    expect(folders).toEqual(['/elsewhere'])
  })

  it('volumeFolders adds folders that the operator allows', async () => {
    const tools = join(cluster.volume, 'tools')
    mkdirSync(tools, { recursive: true })
    const { folders } = await prepared({ volumeFolders: [tools] }, { allow: { volumeFolders: [tools] } })
    expect(folders).toContain(tools)
  })

  it('cwd is where an agent without a workspace works', async () => {
    const cwd = join(own(), 'workspaces', agent, 'site')
    expect((await prepared({ cwd })).seen['cwd']).toBe(cwd)
  })

  it('instructionsFilePath reaches the agent as a file of the run', async () => {
    const folder = join(own(), 'companies', company, 'agents', agent, 'instructions')
    mkdirSync(folder, { recursive: true })
    writeFileSync(join(folder, 'AGENTS.md'), 'Be brief.')
    const { seen } = await prepared({ instructionsFilePath: join(folder, 'AGENTS.md') })
    expect(seen['instructions']).toEqual(expect.stringContaining('agent-instructions.md'))
  })

  it('instructionsRootPath is the AGENT_HOME of an agent whose instructionsBundleMode is external', async () => {
    const root = join(own(), 'companies', company, 'agents', agent, 'outside')
    const { env, folders } = await prepared({ instructionsRootPath: root, instructionsBundleMode: 'external' })
    expect(env['AGENT_HOME']).toBe(root)
    expect(folders.some((folder) => root.startsWith(folder))).toBe(true)
    expect((await prepared({ instructionsRootPath: root })).env['AGENT_HOME']).not.toBe(root)
  })

  it('promptTemplate and bootstrapPromptTemplate make the prompt', async () => {
    const { prompt } = await prepared({
      promptTemplate: 'Work, {{agent.name}}.',
      bootstrapPromptTemplate: 'You are new.',
    })
    expect(prompt).toMatch(/You are new\.[\s\S]*Work, Ada\./)
  })

  it('mcpServers reach the agent', async () => {
    expect((await prepared({ mcpServers: { docs: { command: 'docs' } } })).seen['mcpServers']).toEqual(['docs'])
  })

  it('resumeLastSession decides whether the last session goes on', async () => {
    const runtime = { sessionId: session, sessionDisplayId: session, sessionParams: { sessionId: session } }
    expect((await prepared({}, {}, runtime)).start.resume).toMatchObject({ kind: 'resume', sessionId: session })
    expect((await prepared({ resumeLastSession: false }, {}, runtime)).start.resume.kind).not.toBe('resume')
  })

  it('budgetGate refuses a run whose budget is spent', async () => {
    const { ctx } = paperclipContext({ config: cluster.config({ budgetGate: true }) })
    Object.assign(ctx.agent, { spentMonthlyCents: 100, budgetMonthlyCents: 100 })
    expect(await createAdapter(definition, dependencies()).execute(ctx)).toMatchObject({ errorCode: 'budget_exceeded' })
  })

  it('reattachOrphanedJobs set to false refuses a run while a Job of its task is left', async () => {
    const agentId = randomUUID()
    const { ctx } = paperclipContext({
      agentId,
      runId: randomUUID(),
      config: cluster.config({ reattachOrphanedJobs: false, waitForConcurrent: false }),
    })
    const labels = {
      'paperclip.io/agent-id': agentId,
      'paperclip.io/adapter-type': definition.type,
      'paperclip.io/run-id': randomUUID(),
      'paperclip.io/task-id': String(ctx.context['taskId']),
    }
    const containers = [{ name: 'x', image: 'agent:1', command: ['true'] }]
    const spec = { suspend: true, template: { spec: { restartPolicy: 'Never', containers } } }
    const left = { metadata: { name: 'left', labels }, spec }
    await cluster.client.create(kinds.Job, left, { namespace: cluster.namespace })
    const result = await createAdapter(definition, dependencies()).execute(ctx)
    await cluster.client.delete(kinds.Job, { name: 'left', namespace: cluster.namespace })
    expect(result).toMatchObject({
      errorCode: 'k8s_concurrent_run_blocked',
      errorMessage: expect.stringContaining('reattach disabled'),
    })
  })

  it('does not change the code of a command that fails in the image', async () => {
    const path = join(cluster.root, 'kubeconfig')
    writeFileSync(path, String(cluster.config()['kubeconfig']))
    const serverPool = createClusterPool({ env: { ...cluster.env, KUBECONFIG: path } })
    try {
      const command = { argv: ['node', '-e', 'process.exit(3)'], env: {} }
      const deps = { ...dependencies(), clusters: serverPool }
      await expect(imageOutput(definition, deps, command, AbortSignal.timeout(20_000))).rejects.toMatchObject({
        code: 'k8s_probe_failed',
      })
    } finally {
      await serverPool.close()
    }
  })

  it('is not read for an agent or a company whose id cannot be part of a name', async () => {
    const plan = (override: { agentId?: string }) =>
      planRun(
        definition,
        dependencies(),
        paperclipContext({ config: cluster.config(), ...override }).ctx,
        AbortSignal.timeout(10_000),
      )
    await expect(plan({ agentId: '...' })).rejects.toMatchObject({ code: 'k8s_agent_id_invalid' })
    expect(() => probeFolderOf('/paperclip', '../other')).toThrow(expect.objectContaining({ code: 'invalid_identity' }))
  })

  it('warns about unknown settings and suggests the intended one', async () => {
    expect((await prepared({ namespaces: 'x' })).plan.warnings).toContain(
      'Unknown setting "namespaces" has no effect. Did you mean "namespace"?',
    )
  })

  it('that the policy bars fails the run and the environment test with policy_denied, before anything is created', async () => {
    const adapter = createAdapter(definition, dependencies())
    const config = cluster.config({ serviceAccountToken: true })
    const { ctx } = paperclipContext({ runId: randomUUID(), config })
    expect(await adapter.execute(ctx)).toMatchObject({
      errorCode: 'policy_denied',
      errorMessage: expect.stringContaining('"serviceAccountToken"'),
    })
    const tested = await adapter.testEnvironment({ companyId: company, adapterType: definition.type, config })
    expect(tested).toMatchObject({
      status: 'fail',
      checks: [{ code: 'policy_denied', hint: expect.stringContaining('AGENT_JOBS_POLICY') }],
    })
    const { items } = await cluster.client.list(kinds.Job, {
      namespace: cluster.namespace,
      signal: AbortSignal.timeout(5000),
    })
    expect(items).toEqual([])
  })
})
