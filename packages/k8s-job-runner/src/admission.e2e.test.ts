import { kinds, type KubeClient, type KubeObject, type ResourceKind } from '@agent-jobs/kube-api'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  connect,
  image,
  kubeConfigPath,
  podTerminal,
  removeJobs,
  request,
  sh,
  unlessGone,
  unlessThere,
} from '../test/support/real-cluster.ts'
import { collect, linesOf } from '../test/support/world.ts'
import { createJobRunner, describeOutcome, type JobRunner, type RunRequest } from './index.ts'

const namespace = 'runner-admission'

const admissionKind = (kind: string, plural: string): ResourceKind<KubeObject> => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  plural,
  namespaced: false,
})
const Mutating = admissionKind('MutatingAdmissionPolicy', 'mutatingadmissionpolicies')
const MutatingBinding = admissionKind('MutatingAdmissionPolicyBinding', 'mutatingadmissionpolicybindings')
const Validating = admissionKind('ValidatingAdmissionPolicy', 'validatingadmissionpolicies')
const ValidatingBinding = admissionKind('ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings')

/** What each policy does to a pod with its label: a JSON patch in CEL. */
const mutations = {
  mesh: `[JSONPatch{op: "add", path: "/spec/containers/-", value: Object.spec.containers{
    name: "mesh", image: "${image}", imagePullPolicy: "IfNotPresent", command: ["sh", "-c", "trap 'exit 0' TERM; while :; do sleep 0.1; done"]}}]`,
  renamed: `[JSONPatch{op: "replace", path: "/spec/containers/0/name", value: "renamed"}]`,
  init: `[JSONPatch{op: "add", path: "/spec/initContainers", value: []},
    JSONPatch{op: "add", path: "/spec/initContainers/-", value: Object.spec.initContainers{
    name: "mesh-init", image: "${image}", imagePullPolicy: "IfNotPresent",
    command: ["sh", "-c", "echo no certificate for this pod; exit 5"]}}]`,
  readonly: `[JSONPatch{op: "add", path: "/spec/containers/0/securityContext/readOnlyRootFilesystem", value: true}]`,
  digest: `[JSONPatch{op: "replace", path: "/spec/containers/0/image", value: "docker.io/${image}"}]`,
} as const
type Case = keyof typeof mutations | 'denied-pod' | 'denied-job'

/** Policies apply to this namespace only. */
function constraints(resource: 'pods' | 'jobs') {
  const rule = { apiVersions: ['v1'], operations: ['CREATE'], resources: [resource] }
  return {
    namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
    resourceRules: [{ apiGroups: [resource === 'pods' ? '' : 'batch'], ...rule }],
  }
}
const onlyFor = (name: Case) => [
  {
    name: 'case',
    expression: `has(object.metadata.labels) && "case" in object.metadata.labels && object.metadata.labels["case"] == "${name}"`,
  },
]
const policyName = (name: Case): string => `${namespace}-${name}`

const policies: [ResourceKind<KubeObject>, object][] = [
  ...Object.entries(mutations).flatMap(([name, expression]): [ResourceKind<KubeObject>, object][] => [
    [
      Mutating,
      {
        metadata: { name: policyName(name as Case) },
        spec: {
          failurePolicy: 'Fail',
          reinvocationPolicy: 'Never',
          matchConstraints: constraints('pods'),
          matchConditions: onlyFor(name as Case),
          mutations: [{ patchType: 'JSONPatch', jsonPatch: { expression } }],
        },
      },
    ],
    [MutatingBinding, { metadata: { name: policyName(name as Case) }, spec: { policyName: policyName(name as Case) } }],
  ]),
  ...(['pods', 'jobs'] as const).flatMap((resource): [ResourceKind<KubeObject>, object][] => {
    const name = policyName(resource === 'pods' ? 'denied-pod' : 'denied-job')
    const matchConditions = onlyFor(resource === 'pods' ? 'denied-pod' : 'denied-job')
    const validations = [{ expression: 'false', message: `no ${resource} of this team` }]
    return [
      [
        Validating,
        {
          metadata: { name },
          spec: { failurePolicy: 'Fail', matchConstraints: constraints(resource), matchConditions, validations },
        },
      ],
      [ValidatingBinding, { metadata: { name }, spec: { policyName: name, validationActions: ['Deny'] } }],
    ]
  }),
]

let client: KubeClient
let runner: JobRunner

const runOf = (name: Case, fields: Partial<RunRequest> = {}) =>
  request({ command: sh('echo done'), labels: { case: name }, ...fields })

/** A policy takes effect a moment after it was created. */
async function untilInForce(): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const dry = async (name: Case) => {
      const pod = {
        metadata: { name: 'dry', namespace, labels: { case: name } },
        spec: { containers: [{ name: 'c', image }] },
      }
      return await client.create(kinds.Pod, pod, { dryRun: true })
    }
    const { spec } = await dry('renamed')
    const denied = await dry('denied-pod').then(
      () => false,
      () => true,
    )
    if (denied && spec?.containers[0]?.name === 'renamed') return
    await sleep(100)
  }
  throw new Error('expected the policies to be in force within 10 s')
}

describe.skipIf(kubeConfigPath === '')('a run whose pod is changed on admission (needs KUBECONFIG)', () => {
  beforeAll(async () => {
    client = connect()
    await unlessThere(client.create(kinds.Namespace, { metadata: { name: namespace } }))
    await removeJobs(client, namespace)
    for (const [kind, object] of policies) await unlessThere(client.create(kind, object))
    await untilInForce()
    runner = createJobRunner({ client, namespace })
  })
  afterAll(async () => {
    for (const [kind, object] of policies.toReversed()) {
      await unlessGone(client.delete(kind, { name: (object as KubeObject).metadata?.name ?? '' }))
    }
    await removeJobs(client, namespace)
    await unlessGone(client.delete(kinds.Namespace, { name: namespace }))
    await client.close()
  })

  it('ends when its command has ended, although a mesh proxy keeps its pod alive, and keeps its log', async () => {
    const wanted = runOf('mesh', { retain: true })
    const run = await runner.start(wanted)
    expect(linesOf(await collect(run.events))).toEqual(['done'])
    expect(await run.outcome).toMatchObject({ kind: 'succeeded' })
    // The next run of the key does not wait for the proxy.
    const next = await runner.start(runOf('mesh', { key: wanted.key }))
    await collect(next.events)
    expect(await next.outcome).toMatchObject({ kind: 'succeeded' })
    await Promise.all([run.settled, podTerminal(client, namespace, run.job.uid)])
    const late = await runner.attach({ job: run.job.name }, { observe: true })
    expect(linesOf(await collect(late.events))).toEqual(['done'])
    expect(await late.outcome).toMatchObject({ kind: 'succeeded' })
    await next.settled
  })

  it('is followed in a container that was renamed', async () => {
    const run = await runner.start(runOf('renamed'))
    expect(linesOf(await collect(run.events))).toEqual(['done'])
    expect(await run.outcome).toMatchObject({ kind: 'succeeded' })
    await run.settled
  })

  it('reports what an injected init container printed before it failed', async () => {
    const run = await runner.start(runOf('init'))
    await collect(run.events)
    const outcome = await run.outcome
    expect(outcome, describeOutcome(outcome).message).toMatchObject({ kind: 'initFailed', container: 'mesh-init' })
    expect(describeOutcome(outcome).message).toContain('no certificate for this pod')
    await run.settled
  })

  it('says what to do about a root file system that was made read-only', async () => {
    const run = await runner.start(runOf('readonly'))
    await collect(run.events)
    const outcome = await run.outcome
    expect(outcome.kind).toMatch(/^(?:succeeded|startFailed)$/)
    expect(outcome.kind === 'succeeded' || /read-only|\/tmp/.test(describeOutcome(outcome).message)).toBe(true)
    await run.settled
    const volumes = { volumes: [{ name: 'tmp', emptyDir: {} }], mounts: [{ name: 'tmp', mountPath: '/tmp' }] }
    const mounted = await runner.start(runOf('readonly', volumes))
    expect(linesOf(await collect(mounted.events))).toEqual(['done'])
    expect(await mounted.outcome).toMatchObject({ kind: 'succeeded' })
    await mounted.settled
  })

  it('accepts an image whose name was replaced', async () => {
    const run = await runner.start(runOf('digest'))
    expect(linesOf(await collect(run.events))).toEqual(['done'])
    expect(await run.outcome).toMatchObject({ kind: 'succeeded' })
    await run.settled
  })

  it('names the policy that refuses its pod', async () => {
    const run = await runner.start(runOf('denied-pod', { start: { refusedGraceSeconds: 1 } }))
    await collect(run.events)
    const { code, message } = describeOutcome(await run.outcome)
    expect(code).toBe('admission_denied')
    expect(message).toContain(policyName('denied-pod'))
    expect(message).toContain('no pods of this team')
    await run.settled
  })

  it('names the policy that refuses its Job, and leaves nothing behind', async () => {
    const wanted = runOf('denied-job')
    await expect(runner.start(wanted)).rejects.toMatchObject({
      code: 'refused',
      retryable: false,
      message: expect.stringContaining(policyName('denied-job')),
    })
    const labelSelector = `agent-jobs.dev/run-id=${wanted.runId}`
    expect((await client.list(kinds.Secret, { namespace, labelSelector })).items).toEqual([])
  })
})
