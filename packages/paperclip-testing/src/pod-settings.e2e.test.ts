import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { type AgentDefinition, createAdapter, createClusterPool, systemDependencies } from '@agent-jobs/adapter-kit'
import { freshState } from '@agent-jobs/adapter-kit/testing'
import { isAlreadyExists, kinds, type KubeObject, type ResourceKind } from '@agent-jobs/kube-api'
import type { V1Job } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paperclipContext } from '../../adapter-kit/test/paperclip-context.ts'
import { scriptAgent } from '../../adapter-kit/test/script-agent.ts'
import { eventually } from './eventually.ts'
import { serverPlace, type ServerPlace } from './real-cluster.ts'

const cluster = process.env['KUBECONFIG']
const namespace = 'pod-settings-e2e'
const LimitRange: ResourceKind<KubeObject & { spec?: unknown }> = {
  apiVersion: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  namespaced: true,
}

const kubectl = (...given: readonly (string | { input: string })[]): string => {
  const options = given.find((each) => typeof each === 'object')
  const args = given.filter((each) => typeof each === 'string')
  return execFileSync('kubectl', args, { encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'], ...options })
}

/** Prints what its pod looks like from the inside. */
const looker: AgentDefinition = {
  ...scriptAgent(`
const { readFileSync, existsSync } = await import('node:fs')
const read = (path) => { try { return readFileSync(path, 'utf8').trim() } catch (error) { return error.code } }
console.log('SEEN ' + JSON.stringify({
  uid: process.getuid(), groups: process.getgroups(), token: existsSync('/var/run/secrets/kubernetes.io/serviceaccount/token'),
  hosts: read('/etc/hosts').includes('git.internal'), resolv: read('/etc/resolv.conf').includes('agents.example'),
  file: read('/extra/greeting'), shared: read('/scratch/from-sidecar'), hostname: (await import('node:os')).hostname(),
  env: { PLAIN: process.env.PLAIN, TOKEN: process.env.TOKEN, NODE_ENV: process.env.NODE_ENV ?? null },
}))
`),
  modelsInImage: true,
  listModels: async ({ inImage }) =>
    (await inImage({ argv: ['echo', 'a-model'], env: {} })).map((id) => ({ id, label: id })),
}

describe.skipIf(!cluster)('the pods of agents on a real cluster (needs KUBECONFIG)', () => {
  let place: ServerPlace
  const policy = {
    defaults: { namespace },
    allow: {
      envFrom: ['secret/agents'],
      envValueFrom: ['configmap/agents'],
      podSecurityContext: true,
      podTemplate: ['spec.hostname'],
      serviceAccountName: ['agent'],
      serviceAccountToken: true,
      priorityClassName: ['agent-jobs-*'],
      imagePullSecrets: true,
      sidecars: ['local/agent:1'],
      volumes: ['emptyDir', 'configMap/agents'],
    },
  }

  async function make<T extends KubeObject>(kind: ResourceKind<T>, object: T): Promise<void> {
    try {
      await place.client.create(kind, object, { namespace })
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
  }

  beforeAll(async () => {
    place = await serverPlace({ namespace: 'pod-settings-server-e2e', env: {}, signal: AbortSignal.timeout(100_000) })
    // As the chart makes it: the agents' own namespace, where the cluster itself enforces "restricted", with quota and limits.
    const labels = { 'pod-security.kubernetes.io/enforce': 'restricted' }
    try {
      await place.client.create(kinds.Namespace, { metadata: { name: namespace, labels } })
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
    }
    await make(kinds.ResourceQuota, {
      metadata: { name: 'agents' },
      spec: {
        hard: { pods: '20', 'requests.cpu': '4', 'limits.memory': '64Gi', 'requests.ephemeral-storage': '50Gi' },
      },
    })
    await make(LimitRange, {
      metadata: { name: 'agents' },
      spec: { limits: [{ type: 'Container', max: { memory: '8Gi' }, default: { memory: '1Gi', cpu: '1' } }] },
    })
    await make(kinds.Secret, { metadata: { name: 'agents' }, stringData: { TOKEN: 'token-of-agents' } })
    await make(kinds.ConfigMap, { metadata: { name: 'agents' }, data: { greeting: 'hello', plain: 'open' } })
    await make(kinds.ServiceAccount, { metadata: { name: 'agent' } })
  })
  afterAll(() => place.close())

  const small = {
    image: 'local/agent:1',
    'resources.requests.cpu': '10m',
    'resources.requests.memory': '32Mi',
    paperclipApiUrl: 'http://127.0.0.1:9',
    graceSec: 1,
  }

  async function withAdapter<T>(use: (adapter: ReturnType<typeof createAdapter>) => Promise<T>): Promise<T> {
    const env = { ...place.env, AGENT_JOBS_POLICY: JSON.stringify(policy) }
    const clusters = createClusterPool({ env })
    const deps = systemDependencies({ env, clusters, serverPath: () => place.folder, state: freshState() })
    try {
      return await use(createAdapter(looker, deps))
    } finally {
      await clusters.close()
    }
  }

  async function run(extra: Record<string, unknown>) {
    const { ctx, told } = paperclipContext({
      runId: randomUUID(),
      agentId: randomUUID(),
      config: { ...small, ...extra },
    })
    const result = await withAdapter((adapter) => adapter.execute(ctx))
    const log = told.log.map(({ chunk }) => chunk).join('')
    const [, seen = '{}'] = /^SEEN (.*)$/m.exec(log) ?? []
    return { result, log, seen: JSON.parse(seen) as Record<string, unknown> }
  }

  it('have everything in the settings, in a namespace that enforces "restricted"', async () => {
    const { result, log, seen } = await run({
      retainJobs: true,
      annotations: { 'karpenter.sh/do-not-consolidate': 'true' },
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/os', operator: 'In', values: ['linux'] }] }],
          },
        },
      },
      topologySpreadConstraints: [
        {
          maxSkew: 5,
          topologyKey: 'kubernetes.io/hostname',
          whenUnsatisfiable: 'ScheduleAnyway',
          labelSelector: { matchLabels: { app: 'agents' } },
        },
      ],
      schedulerName: 'default-scheduler',
      'resources.limits.ephemeral-storage': '2Gi',
      serviceAccountName: 'agent',
      serviceAccountToken: true,
      podSecurityContext: { fsGroup: 2000, supplementalGroups: [3000] },
      envFrom: 'secret/agents',
      envValueFrom: 'PLAIN=configmap/agents/plain',
      volumes: [
        { name: 'extra', configMap: { name: 'agents' } },
        { name: 'scratch', emptyDir: {} },
      ],
      volumeMounts: [
        { name: 'extra', mountPath: '/extra' },
        { name: 'scratch', mountPath: '/scratch' },
      ],
      hostAliases: [{ ip: '10.0.0.9', hostnames: ['git.internal'] }],
      dnsConfig: { searches: ['agents.example'] },
      sidecars: [
        {
          name: 'helper',
          image: 'local/agent:1',
          imagePullPolicy: 'IfNotPresent',
          command: ['sh', '-c', 'echo hi > /scratch/from-sidecar; exec sleep 3600'],
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          startupProbe: { exec: { command: ['test', '-e', '/scratch/from-sidecar'] }, periodSeconds: 1 },
          volumeMounts: [{ name: 'scratch', mountPath: '/scratch' }],
        },
      ],
      podTemplate: 'spec: { hostname: an-agent }',
    })
    expect(seen, log).toEqual({
      uid: 1000,
      groups: expect.arrayContaining([2000, 3000]),
      token: true,
      hosts: true,
      resolv: true,
      file: 'hello',
      shared: 'hi',
      hostname: 'an-agent',
      // The server does not know values from the cluster's Secrets, so they are shown.
      env: { PLAIN: 'open', TOKEN: 'token-of-agents', NODE_ENV: null },
    })
    const { agentJob } = result.resultJson as { agentJob: { job: string } }
    const job: V1Job = await place.client.get(kinds.Job, { name: agentJob.job, namespace })
    expect(job.spec?.template.spec?.containers[0]?.resources?.limits?.['ephemeral-storage']).toBe('2Gi')
    await place.client.delete(kinds.Job, { name: agentJob.job, namespace, propagationPolicy: 'Background' })
  })

  it('get a device, a priority, a runtime and pull secrets, where the cluster has them', async () => {
    const name = 'agent-jobs-pod-settings'
    // Cluster-wide objects of this test alone, and a device that the node only claims to have.
    const device = 'agent-jobs.example/device'
    const node = kubectl('get', 'nodes', '-o', 'jsonpath={.items[0].metadata.name}')
    const status = (value: string | null): string => JSON.stringify({ status: { capacity: { [device]: value } } })
    const patchNode = (value: string | null) =>
      kubectl('patch', 'node', node, '--subresource=status', '--type=merge', '-p', status(value))
    kubectl('delete', 'priorityclass,runtimeclass', name, '--ignore-not-found')
    kubectl('create', 'priorityclass', name, '--value=7', '--description=of a test')
    kubectl('apply', '-f', '-', {
      input: JSON.stringify({
        apiVersion: 'node.k8s.io/v1',
        kind: 'RuntimeClass',
        metadata: { name },
        handler: 'runc',
      }),
    })
    try {
      patchNode('2')
      const { result, log } = await run({
        retainJobs: true,
        extendedResources: { [device]: 1 },
        priorityClassName: name,
        runtimeClassName: name,
        imagePullSecrets: ['registry'],
      })
      expect(result, log + result.errorMessage).toMatchObject({ exitCode: 0 })
      const { agentJob } = result.resultJson as { agentJob: { job: string; pod: string } }
      const { spec } = await place.client.get(kinds.Pod, { name: agentJob.pod, namespace })
      expect(spec).toMatchObject({
        priority: 7,
        priorityClassName: name,
        runtimeClassName: name,
        imagePullSecrets: [{ name: 'registry' }],
        containers: [{ resources: { limits: { [device]: '1' } } }],
      })
      await place.client.delete(kinds.Job, { name: agentJob.job, namespace, propagationPolicy: 'Background' })
    } finally {
      patchNode(null)
      kubectl('delete', 'priorityclass,runtimeclass', name, '--ignore-not-found')
    }
  })

  it('satisfy "restricted" by default: runs, probes and lists of models', async () => {
    const { result, log, seen } = await run({})
    expect(result.exitCode, log).toBe(0)
    expect(seen).toMatchObject({ uid: 1000, token: false })
    await withAdapter(async (adapter) => {
      const { checks } = await adapter.testEnvironment({
        companyId: randomUUID(),
        adapterType: looker.type,
        config: { ...small, agentCommand: 'node', environmentProbe: true },
      })
      const codes = checks.map(({ code, level }) => `${code} ${level}`)
      expect(codes, JSON.stringify(checks)).toContain('k8s_probe_node info')
      expect(codes).toContain('k8s_pod_security info')
      expect(await adapter.listModels?.()).toEqual([{ id: 'a-model', label: 'a-model' }])
    })
  })

  it('are not created if the policy forbids a setting, whatever the rights of the server', async () => {
    const { result } = await run({ namespace: 'pod-settings-server-e2e', envFrom: 'secret/paperclip-keys' })
    expect(result).toMatchObject({
      errorCode: 'policy_denied',
      errorMessage: expect.stringMatching(/"namespace".*"envFrom"/),
    })
  })
})

/** What OpenShift gives to a namespace, and its default constraint to a pod: the user of that range, and no other. */
const assignedUser = 1_000_650_000
const platform = 'platform-users-e2e'
const admission = (kind: string): ResourceKind<KubeObject> => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  plural: kind.toLowerCase().replace(/y$/, 'ies').replace(/g$/, 'gs'),
  namespaced: false,
})
const matchConstraints = {
  namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': platform } },
  resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
}
const sets = `Object{spec: Object.spec{securityContext: Object.spec.securityContext{runAsUser: ${assignedUser}}}}`
const leaves = `!has(object.spec.securityContext.runAsUser) || object.spec.securityContext.runAsUser == ${assignedUser}`
const platformPolicies: [ResourceKind<KubeObject>, object][] = [
  [
    admission('MutatingAdmissionPolicy'),
    {
      failurePolicy: 'Fail',
      reinvocationPolicy: 'Never',
      matchConstraints,
      matchConditions: [{ name: 'unset', expression: '!has(object.spec.securityContext.runAsUser)' }],
      mutations: [{ patchType: 'ApplyConfiguration', applyConfiguration: { expression: sets } }],
    },
  ],
  [admission('MutatingAdmissionPolicyBinding'), { policyName: platform }],
  [
    admission('ValidatingAdmissionPolicy'),
    { failurePolicy: 'Fail', matchConstraints, validations: [{ expression: leaves, message: 'not in the range' }] },
  ],
  [admission('ValidatingAdmissionPolicyBinding'), { policyName: platform, validationActions: ['Deny'] }],
]

describe.skipIf(!cluster)('a namespace whose platform assigns the users of pods (needs KUBECONFIG)', () => {
  let place: ServerPlace
  beforeAll(async () => {
    place = await serverPlace({ namespace: 'platform-users-server-e2e', env: {}, signal: AbortSignal.timeout(100_000) })
    const annotations = { 'openshift.io/sa.scc.uid-range': `${assignedUser}/10000` }
    const objects: [ResourceKind<KubeObject>, KubeObject][] = [
      [kinds.Namespace, { metadata: { name: platform, annotations } }],
      ...platformPolicies.map(([kind, spec]): [ResourceKind<KubeObject>, KubeObject] => [
        kind,
        { metadata: { name: platform }, spec } as KubeObject,
      ]),
    ]
    for (const [kind, object] of objects) {
      try {
        await place.client.create(kind, object)
      } catch (error) {
        if (!isAlreadyExists(error)) throw error
      }
    }
    const probe = { metadata: { name: 'probe' }, spec: { containers: [{ name: 'c', image: 'local/agent:1' }] } }
    await eventually(async () => {
      const pod = await place.client.create(kinds.Pod, probe, { namespace: platform, dryRun: true })
      return pod.spec?.securityContext?.runAsUser === assignedUser ? pod : null
    }, 'the policies to be in force')
  })
  afterAll(async () => {
    for (const [kind] of platformPolicies.toReversed()) await place.client.delete(kind, { name: platform })
    await place.client.delete(kinds.Namespace, { name: platform })
    await place.close()
  })

  it('is detected by its annotation: the Job names no user, and the agent runs as the assigned one', async () => {
    const env = { ...place.env, AGENT_JOBS_POLICY: JSON.stringify({ defaults: { namespace: platform } }) }
    const clusters = createClusterPool({ env })
    const deps = systemDependencies({ env, clusters, serverPath: () => place.folder, state: freshState() })
    const config = {
      image: 'local/agent:1',
      'resources.requests.cpu': '10m',
      'resources.requests.memory': '32Mi',
      paperclipApiUrl: 'http://127.0.0.1:9',
      graceSec: 1,
    }
    const { ctx, told } = paperclipContext({ runId: randomUUID(), agentId: randomUUID(), config })
    try {
      await createAdapter(looker, deps).execute(ctx)
    } finally {
      await clusters.close()
    }
    const log = told.log.map(({ chunk }) => chunk).join('')
    expect(log).toContain(`"uid":${assignedUser}`)
  })
})
