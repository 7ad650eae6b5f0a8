import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { AdapterError } from '../adapter-error.ts'
import { commonSettings } from '../settings/common-settings.ts'
import { alias, setting, text, toggle } from '../settings/setting-types.ts'
import { admitSettings } from './admit-settings.ts'
import { ruleOf } from './judge-settings.ts'
import { open } from './operator-rule.ts'

const definition = {
  type: 'test_k8s',
  schema: z.object({
    ...commonSettings,
    own: setting(text(), { title: 'Own', description: 'Of this adapter.', group: 'Agent', operator: open }),
    dumps: setting(toggle(true), { title: 'Dumps', description: 'Guard.', group: 'Agent', operator: open }),
    guard: alias(toggle(false), 'dumps'),
  }),
}

const admit = (config: Record<string, unknown>, policy?: object, env: Record<string, string> = {}) =>
  admitSettings(definition, { ...env, ...(policy ? { AGENT_JOBS_POLICY: JSON.stringify(policy) } : {}) }, config)

function refusal(...input: Parameters<typeof admit>): string {
  try {
    admit(...input)
  } catch (error) {
    if (AdapterError.isInstance(error)) return `${error.code}: ${error.message}`
    throw error
  }
  return 'admitted'
}

const inPod = { KUBERNETES_SERVICE_HOST: '10.0.0.1' }

/** A value of each setting that differs from its default. */
const used: Record<string, unknown> = {
  namespace: 'x',
  image: 'x',
  imagePullPolicy: 'Always',
  serviceAccountName: 'x',
  kubeconfig: '/etc/kube',
  paperclipApiUrl: 'http://x',
  paperclipProxy: false,
  'resources.requests.cpu': '7',
  'resources.requests.memory': '7Gi',
  'resources.limits.cpu': '7',
  'resources.limits.memory': '7Gi',
  'resources.requests.ephemeral-storage': '7Gi',
  'resources.limits.ephemeral-storage': '7Gi',
  extendedResources: { 'nvidia.com/gpu': '1' },
  affinity: { nodeAffinity: {} },
  topologySpreadConstraints: [{ maxSkew: 1 }],
  schedulerName: 'x',
  queue: 'x',
  queuePriorityClass: 'x',
  annotations: { x: 'y' },
  nodeSelector: { x: 'y' },
  tolerations: [{ operator: 'Exists' }],
  labels: { x: 'y' },
  priorityClassName: 'x',
  runtimeClassName: 'x',
  podScheduleTimeoutSec: 7,
  podStartTimeoutSec: 7,
  timeoutSec: 7,
  graceSec: 7,
  idleTimeoutSec: 7,
  stepsWithoutProgress: 7,
  hangAfterResultSec: 7,
  ttlSecondsAfterFinished: 7,
  retainJobs: true,
  reattachOrphanedJobs: false,
  waitForConcurrent: null,
  commentOnFailure: null,
  logFormat: 'text',
  budgetGate: true,
  k8sRunIsolation: { mode: 'run' },
  runIsolation: { mode: 'run' },
  isolation: { mode: 'run' },
  env: { A: 'b' },
  inheritedEnvAllow: ['DATABASE_URL'],
  inheritedEnvDeny: ['A'],
  workspaceVolumeClaim: 'x',
  workspaceMountPath: '/x',
  volumeAccess: 'whole',
  volumeFolders: ['/paperclip/x'],
  secretRef: 'x',
  environmentProbe: true,
  imagePullSecrets: ['x'],
  podUser: 'platform',
  podSecurityContext: { fsGroup: 1 },
  serviceAccountToken: true,
  envFrom: ['secret/x'],
  envValueFrom: { A: 'secret/x/y' },
  volumes: [{ name: 'x', secret: { secretName: 'x' } }],
  volumeMounts: [{ name: 'x', mountPath: '/x' }],
  dnsPolicy: 'None',
  dnsConfig: { nameservers: ['1.1.1.1'] },
  hostAliases: [{ ip: '1.1.1.1', hostnames: ['x'] }],
  sidecars: [{ name: 'x', image: 'x' }],
  podTemplate: { spec: { hostNetwork: true } },
  cwd: '/paperclip/x',
  model: 'x',
  promptTemplate: 'x',
  bootstrapPromptTemplate: 'x',
  instructionsFilePath: '/x',
  instructionsRootPath: '/x',
  instructionsBundleMode: 'external',
  extraArgs: ['x'],
  mcpServers: { x: {} },
  resumeLastSession: false,
}

describe('an agent without a policy of the operator', () => {
  const barredAlways = new Set([
    'envFrom',
    'envValueFrom',
    'inheritedEnvAllow',
    'podSecurityContext',
    'podTemplate',
    'serviceAccountToken',
    'sidecars',
    'tolerations',
    'volumeAccess',
    'volumeFolders',
    'volumes',
    'annotations',
  ])
  const barredInPod = new Set([
    'imagePullSecrets',
    'priorityClassName',
    'queuePriorityClass',
    'serviceAccountName',
    'workspaceVolumeClaim',
  ])

  it.each(Object.keys(commonSettings))('gets a decision about %s', (key) => {
    expect(Object.keys(used)).toContain(key)
    const barred = barredAlways.has(key)
    expect(refusal({ [key]: used[key] }).startsWith('policy_denied')).toBe(barred)
    expect(refusal({ [key]: used[key] }, undefined, inPod).startsWith('policy_denied')).toBe(
      barred || barredInPod.has(key),
    )
  })
})

describe('a setting', () => {
  it.each(Object.keys(definition.schema.shape))('%s has a rule, so that the operator can bar it', (key) => {
    expect(ruleOf(definition.schema, key).rule).not.toBeNull()
  })

  it.each(Object.keys(commonSettings).filter((key) => used[key] !== null))(
    '%s is barred when the operator allows none of its values',
    (key) => {
      const { aliasOf } = ruleOf(definition.schema, key)
      expect(refusal({ [key]: used[key] }, { allow: { [aliasOf ?? key]: false } })).toMatch(
        new RegExp(`^policy_denied: .*"${key.replaceAll('.', String.raw`\.`)}": `),
      )
    },
  )

  it('without a rule is barred', () => {
    const schema = z.object({ ...commonSettings, forgotten: text() })
    expect(() => admitSettings({ schema, type: 't' }, {}, { forgotten: 'x' })).toThrow(
      /"forgotten": .*no operator rule/,
    )
  })
})

describe('the operator', () => {
  it('allows values by patterns, and the refusal says which and where', () => {
    const policy = { allow: { image: ['ghcr.io/acme/*'] } }
    expect(refusal({ image: 'ghcr.io/acme/agent:1' }, policy)).toBe('admitted')
    expect(refusal({ image: 'docker.io/evil' }, policy)).toBe(
      'policy_denied: The operator\'s policy does not allow this configuration. "image": "docker.io/evil" is not allowed. Allowed: ghcr.io/acme/*; the operator allows it in the policy\'s "allow.image" (AGENT_JOBS_POLICY or AGENT_JOBS_POLICY_FILE of the Paperclip server).',
    )
  })

  it('names every barred setting at once', () => {
    expect(refusal({ serviceAccountToken: true, volumeAccess: 'whole' })).toMatch(
      /"volumeAccess".*"serviceAccountToken"/s,
    )
  })

  it('opens what is barred by default', () => {
    const policy = { allow: { serviceAccountToken: true, serviceAccountName: ['agent-*'], volumes: ['secret/ca'] } }
    expect(
      refusal(
        {
          serviceAccountToken: true,
          serviceAccountName: 'agent-a',
          volumes: [{ name: 'ca', secret: { secretName: 'ca' } }],
        },
        policy,
        inPod,
      ),
    ).toBe('admitted')
    expect(refusal({ volumes: [{ name: 'ca', secret: { secretName: 'db' } }] }, policy)).toMatch(/"secret\/db" is not/)
  })

  it('bars an alias of a barred setting', () => {
    expect(refusal({ isolation: { mode: 'run' } }, { allow: { k8sRunIsolation: false } })).toMatch(/"isolation"/)
  })

  it('requires a switch to stay as it is', () => {
    const policy = { allow: { paperclipProxy: ['true'] } }
    expect(refusal({ paperclipProxy: false }, policy)).toMatch(/"paperclipProxy": "false" is not allowed/)
    expect(refusal({ paperclipProxy: true }, policy)).toBe('admitted')
    const own = { adapters: { test_k8s: { allow: { dumps: ['true'] } } } }
    expect(refusal({}, own)).toBe('admitted')
    expect(refusal({ guard: false }, own)).toBe('admitted')
    expect(refusal({ dumps: false }, own)).toMatch(/"dumps"/)
  })

  it('sets defaults, which apply when the agent sets nothing', () => {
    const policy = { defaults: { namespace: 'agents', 'resources.limits.memory': '4Gi' } }
    expect(admit({ namespace: ' ' }, policy).settings).toMatchObject({
      namespace: 'agents',
      'resources.limits.memory': '4Gi',
    })
    expect(admit({ resources: { limits: { memory: '5Gi' } } }, policy).settings['resources.limits.memory']).toBe('5Gi')
  })

  it('fixes the namespace by a default, unless others are allowed', () => {
    const policy = { defaults: { namespace: 'agents' } }
    expect(refusal({ namespace: 'agents' }, policy)).toBe('admitted')
    expect(refusal({ namespace: 'paperclip' }, policy)).toMatch(/^policy_denied/)
    expect(refusal({ namespace: 'team-a' }, { ...policy, allow: { namespace: ['team-*'] } })).toBe('admitted')
  })

  it('forces the budget gate by a default', () => {
    const policy = { defaults: { budgetGate: true } }
    expect(admit({}, policy).settings.budgetGate).toBe(true)
    expect(refusal({ budgetGate: false }, policy)).toMatch(/"budgetGate": "false"/)
  })

  it('limits numbers and quantities, and lowers defaults to the limit', () => {
    const policy = { maximum: { 'resources.limits.memory': '4Gi', timeoutSec: 3600 } }
    expect(admit({}, policy).settings).toMatchObject({ 'resources.limits.memory': '4Gi', timeoutSec: 3600 })
    expect(refusal({ 'resources.limits.memory': '4Gi', timeoutSec: 3600 }, policy)).toBe('admitted')
    expect(refusal({ 'resources.limits.memory': '4097Mi' }, policy)).toMatch(/4097Mi is above the maximum of 4Gi/)
    expect(refusal({ timeoutSec: 3601 }, policy)).toMatch(/3601 is above the maximum of 3600/)
  })

  it('limits extended resources by name', () => {
    const policy = { maximum: { extendedResources: { 'nvidia.com/gpu': 2 } } }
    expect(refusal({ extendedResources: 'nvidia.com/gpu=2' }, policy)).toBe('admitted')
    expect(refusal({ extendedResources: 'nvidia.com/gpu=3' }, policy)).toMatch(/3 \(nvidia\.com\/gpu\) is above/)
  })

  it('has limits of time by default', () => {
    expect(refusal({ graceSec: 1_000_000 })).toMatch(/"graceSec": 1000000 is above the maximum of 3600/)
  })

  it.each([
    [{ allow: { namespces: ['a'] } }, /"allow" names "namespces", which is not a setting\. Did you mean "namespace"\?/],
    [{ allow: { own: ['a'] } }, /"own".*belongs below "adapters\.test_k8s"/],
    [{ maximum: { adapters: 1 } }, /"maximum" names "adapters"/],
    [{ adapters: { test_k8s: { defaults: { owm: 1 } } } }, /"adapters\.test_k8s\.defaults" names "owm"/],
    [{ defaults: { timeoutSec: 'soon' } }, /"defaults\.timeoutSec"/],
  ])('gets an error for a mistake in the policy: %j', (policy, message) => {
    expect(refusal({}, policy)).toMatch(/^policy_invalid/)
    expect(refusal({}, policy)).toMatch(message)
  })

  it('shows no value of a kubeconfig in a refusal', () => {
    const kubeconfig = 'apiVersion: v1\nusers: [{user: {token: s3cret}}]'
    expect(refusal({ kubeconfig }, { allow: { kubeconfig: false } })).toMatch(/"kubeconfig": "content" is not allowed/)
  })
})

it('is the only way by which the flow reads settings', () => {
  const root = join(import.meta.dirname, '..')
  const readers = readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => /(?<!\.test)\.ts$/.test(file) && !file.startsWith('testing'))
    .filter((file) => /\b(?:requireSettings|readSettings)\(/.test(readFileSync(join(root, file), 'utf8')))
  expect(readers.sort()).toEqual(['policy/admit-settings.ts', 'settings/read-settings.ts'])
})
