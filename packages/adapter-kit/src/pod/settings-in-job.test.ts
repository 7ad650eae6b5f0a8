import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { buildManifest } from '@agent-jobs/k8s-job-runner'
import type { V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { commonSettings } from '../settings/common-settings.ts'
import { requireSettings } from '../settings/read-settings.ts'
import { buildRequest, type RequestInput } from './build-request.ts'
import { inheritFromPod } from './inherit-from-pod.ts'

const schema = z.object(commonSettings)

const serverPod: V1Pod = {
  metadata: { name: 'paperclip-0', namespace: 'agents' },
  spec: {
    nodeSelector: { pool: 'server' },
    tolerations: [{ key: 'server', operator: 'Exists' }],
    imagePullSecrets: [{ name: 'server-registry' }],
    dnsConfig: { nameservers: ['10.0.0.53'] },
    containers: [{ name: 'paperclip', image: 'server:1', volumeMounts: [{ name: 'data', mountPath: '/paperclip' }] }],
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'server-data' } }],
  },
}

const finishRule = {
  workDone: [{ includes: ['done'] }],
  loop: { step: [{ includes: ['step'] }], progress: [{ includes: ['tool'] }], maxSteps: 2 },
}

function requestOf(config: Record<string, unknown>, more: Partial<RequestInput> = {}) {
  return buildRequest({
    identity: {
      adapterType: 'test_k8s',
      agentId: 'agent',
      agentName: 'Agent',
      runId: 'run',
      companyId: 'company',
      taskId: null,
      sessionId: null,
      isolation: { mode: 'shared', keyHash: null, sessionScope: null },
      promptBundleKey: null,
      traceRecord: null,
    },
    key: 'test_k8s:agent',
    jobName: 'job',
    containerName: 'agent',
    settings: requireSettings(schema, config),
    inheritance: inheritFromPod(serverPod, { policy: { allow: [], deny: [] } }),
    namespace: 'agents',
    references: [],
    podUser: 'fixed',
    env: { plain: {}, secret: {}, shed: [] },
    argv: ['agent'],
    cwd: '/paperclip',
    stdin: '',
    files: [],
    volumeClaims: [],
    dataMountPath: '/paperclip',
    folders: null,
    identities: [],
    journalPath: null,
    finishRule,
    proxy: null,
    ...more,
  }).request
}

/** The Job and the launcher's orders, as the API server gets them. */
function jobOf(config: Record<string, unknown>) {
  const { job, secret } = buildManifest(requestOf(config), 'agents')
  const spec = job.spec?.template.spec
  return {
    job,
    metadata: job.spec?.template.metadata,
    spec,
    container: spec?.containers[0],
    launch: JSON.parse(secret.stringData?.['AGENT_JOBS_SPEC'] ?? '{}') as {
      limits: Record<string, number>
      finish?: typeof finishRule
    },
    request: requestOf(config),
  }
}

type Seen = ReturnType<typeof jobOf>

const gpu = { 'nvidia.com/gpu': '1' }
const scratch = [{ name: 'scratch', emptyDir: {} }]
const mounted = [{ name: 'scratch', mountPath: '/scratch' }]

/** Setting, value, where it is seen, and what is seen there. */
const rows: [string, Record<string, unknown>, (seen: Seen) => unknown, unknown][] = [
  ['image', { image: 'own:2' }, ({ container }) => container?.image, 'own:2'],
  ['imagePullPolicy', { imagePullPolicy: 'Always' }, ({ container }) => container?.imagePullPolicy, 'Always'],
  ['serviceAccountName', { serviceAccountName: 'agent-a' }, ({ spec }) => spec?.serviceAccountName, 'agent-a'],
  ...(['requests', 'limits'] as const).flatMap((kind) =>
    (['cpu', 'memory', 'ephemeral-storage'] as const).map((name): (typeof rows)[number] => [
      `resources.${kind}.${name}`,
      { [`resources.${kind}.${name}`]: '7' },
      ({ container }) => container?.resources?.[kind]?.[name],
      '7',
    ]),
  ),
  [
    'extendedResources',
    { extendedResources: gpu },
    ({ container }) => container?.resources,
    {
      requests: { cpu: '1000m', memory: '2Gi', 'ephemeral-storage': '1Gi', ...gpu },
      limits: { cpu: '4000m', memory: '8Gi', 'ephemeral-storage': '20Gi', ...gpu },
    },
  ],
  ['affinity', { affinity: { podAffinity: { x: [] } } }, ({ spec }) => spec?.affinity, { podAffinity: { x: [] } }],
  [
    'topologySpreadConstraints',
    { topologySpreadConstraints: [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }] },
    ({ spec }) => spec?.topologySpreadConstraints,
    [{ maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' }],
  ],
  ['schedulerName', { schedulerName: 'own' }, ({ spec }) => spec?.schedulerName, 'own'],
  [
    'queue',
    { queue: 'team' },
    ({ job }) => [job.metadata?.labels?.['kueue.x-k8s.io/queue-name'], job.spec?.suspend],
    ['team', true],
  ],
  [
    'queuePriorityClass',
    { queue: 'team', queuePriorityClass: 'low' },
    ({ job }) => job.metadata?.labels?.['kueue.x-k8s.io/priority-class'],
    'low',
  ],
  [
    'annotations',
    { annotations: 'karpenter.sh/x=y' },
    ({ job, metadata }) => [job.metadata, metadata].map((at) => at?.annotations?.['karpenter.sh/x']),
    ['y', 'y'],
  ],
  [
    'labels',
    { labels: 'team=a' },
    ({ job, metadata }) => [job.metadata, metadata].map((at) => at?.labels?.['team']),
    ['a', 'a'],
  ],
  ['nodeSelector', { nodeSelector: 'pool=agents' }, ({ spec }) => spec?.nodeSelector, { pool: 'agents' }],
  [
    'tolerations',
    { tolerations: 'dedicated:NoSchedule' },
    ({ spec }) => spec?.tolerations,
    [{ key: 'dedicated', operator: 'Exists', effect: 'NoSchedule' }],
  ],
  ['priorityClassName', { priorityClassName: 'low' }, ({ spec }) => spec?.priorityClassName, 'low'],
  ['runtimeClassName', { runtimeClassName: 'gvisor' }, ({ spec }) => spec?.runtimeClassName, 'gvisor'],
  ['podScheduleTimeoutSec', { podScheduleTimeoutSec: 7 }, ({ request }) => request.start?.unschedulableGraceSeconds, 7],
  ['podStartTimeoutSec', { podStartTimeoutSec: 7 }, ({ request }) => request.start?.budgetSeconds, 7],
  ['timeoutSec', { timeoutSec: 7 }, ({ launch }) => launch.limits['totalMs'], 7000],
  [
    'graceSec',
    { graceSec: 7 },
    ({ spec, launch }) => [spec?.terminationGracePeriodSeconds, launch.limits['killGraceMs']],
    [12, 7000],
  ],
  ['idleTimeoutSec', { idleTimeoutSec: 7 }, ({ launch }) => launch.limits['idleMs'], 7000],
  ['stepsWithoutProgress', { stepsWithoutProgress: 7 }, ({ launch }) => launch.finish?.loop.maxSteps, 7],
  ['hangAfterResultSec', { hangAfterResultSec: 7 }, ({ launch }) => launch.limits['hangAfterFinishMs'], 7000],
  ['ttlSecondsAfterFinished', { ttlSecondsAfterFinished: 7200 }, ({ job }) => job.spec?.ttlSecondsAfterFinished, 7200],
  ['retainJobs', { retainJobs: true }, ({ request }) => request.retain, true],
  [
    'workspaceVolumeClaim',
    { workspaceVolumeClaim: 'own' },
    ({ spec }) => spec?.volumes,
    [{ name: 'data', persistentVolumeClaim: { claimName: 'own' } }],
  ],
  [
    'imagePullSecrets',
    { imagePullSecrets: 'own-registry' },
    ({ spec }) => spec?.imagePullSecrets,
    [{ name: 'own-registry' }],
  ],
  ['podUser', { podUser: 'platform' }, ({ spec }) => spec?.securityContext?.runAsUser, undefined],
  [
    'podSecurityContext',
    { podSecurityContext: { fsGroup: 7 } },
    ({ spec }) => [spec?.securityContext?.fsGroup, spec?.securityContext?.runAsUser],
    [7, 1000],
  ],
  ['serviceAccountToken', { serviceAccountToken: true }, ({ spec }) => spec?.automountServiceAccountToken, true],
  [
    'envFrom',
    { envFrom: 'secret/a, configmap/b' },
    ({ container }) => container?.envFrom?.slice(1),
    [{ secretRef: { name: 'a' } }, { configMapRef: { name: 'b' } }],
  ],
  [
    'envValueFrom',
    { envValueFrom: 'TOKEN=secret/git/token\nREGION=configmap/site/region' },
    ({ container }) => container?.env?.slice(1),
    [
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'git', key: 'token' } } },
      { name: 'REGION', valueFrom: { configMapKeyRef: { name: 'site', key: 'region' } } },
    ],
  ],
  ['volumes', { volumes: scratch }, ({ spec }) => spec?.volumes?.at(-1), scratch[0]],
  [
    'volumeMounts',
    { volumes: scratch, volumeMounts: mounted },
    ({ container }) => container?.volumeMounts?.at(-1),
    mounted[0],
  ],
  ['dnsPolicy', { dnsPolicy: 'None' }, ({ spec }) => spec?.dnsPolicy, 'None'],
  [
    'dnsConfig',
    { dnsConfig: { nameservers: ['1.1.1.1'] } },
    ({ spec }) => spec?.dnsConfig,
    { nameservers: ['1.1.1.1'] },
  ],
  [
    'hostAliases',
    { hostAliases: [{ ip: '10.0.0.1', hostnames: ['git'] }] },
    ({ spec }) => spec?.hostAliases,
    [{ ip: '10.0.0.1', hostnames: ['git'] }],
  ],
  [
    'sidecars',
    { sidecars: [{ name: 'db', image: 'db:1' }] },
    ({ spec }) => spec?.initContainers,
    [{ name: 'db', image: 'db:1', restartPolicy: 'Always' }],
  ],
  ['podTemplate', { podTemplate: 'spec: { hostname: agent }' }, ({ spec }) => spec?.hostname, 'agent'],
]

/** Settings that decide something else than the Job, and the test that fails when they are dropped. */
const elsewhere: Readonly<Record<string, string>> = {
  namespace: 'policy/admit-settings.test.ts',
  kubeconfig: 'cluster/kube-config.test.ts',
  paperclipApiUrl: 'paperclip-api/paperclip-proxy.test.ts',
  paperclipProxy: 'paperclip-api/paperclip-proxy.test.ts',
  environmentProbe: '../../adapter-claude-k8s/src/execute.test.ts',
  secretRef: '../../adapter-claude-k8s/src/execute.test.ts',
  k8sRunIsolation: '../../adapter-claude-k8s/src/execute.test.ts',
  runIsolation: 'policy/admit-settings.test.ts',
  isolation: 'policy/admit-settings.test.ts',
  waitForConcurrent: 'restart/reload.test.ts',
  commentOnFailure: 'result/conclude-run.test.ts',
  logFormat: 'run/log-format.test.ts',
  model: '../../adapter-claude-k8s/src/claude-arguments.test.ts',
  extraArgs: '../../adapter-claude-k8s/src/claude-arguments.test.ts',
  ...Object.fromEntries(
    [
      'env',
      'inheritedEnvAllow',
      'inheritedEnvDeny',
      'volumeAccess',
      'workspaceMountPath',
      'volumeFolders',
      'cwd',
      'instructionsFilePath',
      'instructionsRootPath',
      'instructionsBundleMode',
      'promptTemplate',
      'bootstrapPromptTemplate',
      'mcpServers',
      'resumeLastSession',
      'budgetGate',
      'reattachOrphanedJobs',
    ].map((key) => [key, 'plan/settings-in-run.test.ts']),
  ),
}

describe('a setting in the Job', () => {
  it.each(rows)('%s is seen in it', (_key, config, look, expected) => {
    expect(look(jobOf(config))).toEqual(expected)
    expect(look(jobOf({}))).not.toEqual(expected)
  })

  it('replaces what is inherited from the server, which applies otherwise', () => {
    const { spec } = jobOf({})
    expect(spec).toMatchObject({
      nodeSelector: { pool: 'server' },
      tolerations: [{ key: 'server', operator: 'Exists' }],
      imagePullSecrets: [{ name: 'server-registry' }],
      dnsConfig: { nameservers: ['10.0.0.53'] },
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'server-data' } }],
    })
    expect(jobOf({ nodeSelector: '{}', tolerations: '[]' }).spec).toMatchObject({ nodeSelector: {}, tolerations: [] })
  })

  it.each<[Record<string, unknown>, RegExp]>([
    [{ volumes: [{ name: 'data', emptyDir: {} }] }, /"volumes": the name "data" is reserved/],
    [{ volumes: [{ name: 'inherited-0', emptyDir: {} }] }, /reserved/],
    [{ volumeMounts: [{ name: 'data', mountPath: '/all' }] }, /"volumeMounts": "data" is not one of "volumes"/],
    [
      { sidecars: [{ name: 'spy', image: 'x', volumeMounts: [{ name: 'data', mountPath: '/all' }] }] },
      /"sidecars": "spy" mounts "data"/,
    ],
    [{ envFrom: 'paperclip-keys' }, /"envFrom": "paperclip-keys" is neither/],
    [{ envValueFrom: 'A=secret/x' }, /"envValueFrom": "secret\/x" of A is neither/],
    [{ annotations: 'agent-jobs.dev/run-id=x' }, /"annotations": "agent-jobs.dev\/run-id" is reserved/],
  ])('is refused by name: %j', (config, message) => {
    expect(() => requestOf(config)).toThrow(message)
  })

  it('is refused without an image to inherit', () => {
    expect(() => requestOf({}, { inheritance: null })).toThrow(expect.objectContaining({ code: 'k8s_image_unknown' }))
  })

  it('names a Secret instead of a literal of the same name', () => {
    const env = { plain: { A: 'plain' }, secret: { B: 'secret' }, shed: [] }
    const request = requestOf({ envValueFrom: 'A=secret/x/a\nB=secret/x/b' }, { env })
    expect([request.env, request.secretEnv]).toEqual([{}, {}])
  })

  it('leaves the user to the platform where the namespace does', () => {
    expect(requestOf({}, { podUser: 'platform' }).podUser).toBe('platform')
    expect(requestOf({ podUser: 'fixed' }, { podUser: 'platform' }).podUser).toBe('fixed')
  })
})

describe('every setting', () => {
  const tested = new Set([...rows.map(([key]) => key), ...Object.keys(elsewhere)])

  it.each(Object.keys(commonSettings))('%s has a test that fails when it is dropped', (key) => {
    expect(tested).toContain(key)
  })

  it.each(Object.entries(elsewhere))('%s is named in %s', (key, file) => {
    expect(readFileSync(join(import.meta.dirname, '..', file), 'utf8')).toContain(key)
  })
})
