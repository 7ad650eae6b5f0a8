import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { randomUUID } from 'node:crypto'
import { kinds, type KubeClient, type KubeObject, type ResourceKind } from '@agent-jobs/kube-api'
import type { V1PriorityClass, V1RuntimeClass } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  connect,
  image,
  kubeConfigPath,
  podsOver,
  podTerminal,
  removeJobs,
  request,
  sh,
  unlessThere,
} from '../test/support/real-cluster.ts'
import { shimPid } from '../test/support/pod-process.ts'
import { withStandbyNode } from '../test/support/standby-node.ts'
import { collect, firstLine, linesOf, readUntil, rest } from '../test/support/world.ts'
import { createJobRunner, describeOutcome, type JobRunner, type Outcome, type RunHandle } from './index.ts'

const namespace = 'disruption-e2e'
const kubeletPid = join(dirname(kubeConfigPath), 'pids', 'kubelet')
const endless = sh('echo up; while :; do sleep 0.1; done')
/** Ends at once on SIGTERM, so that no test waits for a grace period. */
const polite = sh('trap "exit 0" TERM; echo up; while :; do sleep 0.1; done')

const priorityClass: ResourceKind<V1PriorityClass & KubeObject> = {
  apiVersion: 'scheduling.k8s.io/v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  namespaced: false,
}
const runtimeClass: ResourceKind<V1RuntimeClass & KubeObject> = {
  apiVersion: 'node.k8s.io/v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  namespaced: false,
}

let client: KubeClient
let runner: JobRunner

async function outcomeOf(run: RunHandle): Promise<Outcome> {
  await collect(run.events)
  await run.settled
  return run.outcome
}
const patchJob = (run: RunHandle, body: object): Promise<unknown> =>
  client.patch(kinds.Job, { name: run.job.name, namespace, type: 'merge', body })

/** Resolves when the Job of a run no longer exists. */
async function gone({ job }: RunHandle): Promise<void> {
  const stop = new AbortController()
  const fieldSelector = `metadata.name=${job.name}`
  let there = false
  for await (const event of client.listWatch(kinds.Job, { namespace, fieldSelector, signal: stop.signal })) {
    if (event.type === 'synced' ? !there : event.type === 'deleted') break
    there = true
  }
  stop.abort()
}

/** Stops the kubelet while `action` runs, which looks like a lost node to everything else. */
async function withoutKubelet(action: () => Promise<void>): Promise<void> {
  const pid = Number(readFileSync(kubeletPid, 'utf8'))
  // Also when the test times out: others use this cluster.
  onTestFinished(() => void process.kill(pid, 'SIGCONT'))
  process.kill(pid, 'SIGSTOP')
  try {
    await withStandbyNode(client, action)
  } finally {
    process.kill(pid, 'SIGCONT')
  }
}

describe.skipIf(kubeConfigPath === '')('a run that is disturbed on a real cluster (needs KUBECONFIG)', () => {
  beforeAll(async () => {
    client = connect()
    runner = createJobRunner({ client, namespace })
    await unlessThere(client.create(kinds.Namespace, { metadata: { name: namespace } }))
    // Below the 0 of everything else in the cluster: these cannot preempt anyone else's pod.
    for (const [name, value] of [
      ['disruption-e2e-low', -1000],
      ['disruption-e2e-high', -10],
    ] as const) {
      await unlessThere(client.create(priorityClass, { metadata: { name }, value }))
    }
    await unlessThere(client.create(runtimeClass, { metadata: { name: 'disruption-e2e' }, handler: 'runc' }))
  })
  afterAll(async () => {
    await removeJobs(client, namespace)
    for (const name of ['disruption-e2e-low', 'disruption-e2e-high']) await client.delete(priorityClass, { name })
    await client.delete(runtimeClass, { name: 'disruption-e2e' })
    await client.close()
  })

  it('is preempted by one of higher priority, which then runs', async () => {
    const [node] = (await client.list(kinds.Node)).items
    const cpus = Number(node?.status?.allocatable?.['cpu'])
    const cpu = `${Math.floor(cpus * 550)}m`
    const needs = (name: string) => ({ resources: { requests: { cpu } }, scheduling: { priorityClassName: name } })
    const low = await runner.start(request({ command: polite, ...needs('disruption-e2e-low') }))
    const events = await firstLine(low)
    const high = await runner.start(request({ command: sh('echo first'), ...needs('disruption-e2e-high') }))
    await rest(events)
    expect(await low.outcome).toMatchObject({ kind: 'preempted', by: 'scheduler', reason: 'PreemptionByScheduler' })
    expect(await outcomeOf(high)).toMatchObject({ kind: 'succeeded' })
  })

  it('is drained away: a cordoned node, and its pods evicted', async () => {
    const run = await runner.start(
      request({ command: sh('trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.1; done') }),
    )
    const events = await firstLine(run)
    const { name = '', node = '' } = run.pod ?? {}
    const cordon = (unschedulable: boolean) =>
      client.patch(kinds.Node, { name: node, type: 'merge', body: { spec: { unschedulable } } })
    await cordon(true)
    try {
      const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } }
      await client.request({
        method: 'POST',
        path: `/api/v1/namespaces/${namespace}/pods/${name}/eviction`,
        body: eviction,
      })
      const refused = await runner.start(request({ start: { unschedulableGraceSeconds: 1 } }))
      expect(await outcomeOf(refused)).toMatchObject({ kind: 'unschedulable', cause: 'cordoned' })
    } finally {
      await cordon(false)
    }
    expect(linesOf(await rest(events))).toContain('bye')
    expect(await run.outcome).toMatchObject({ kind: 'evicted', by: 'api', exitCode: 0 })
  })

  it.each([
    ['succeeds anyway', 'exit 0', { kind: 'succeeded', notes: [expect.stringContaining('killed for memory')] }],
    ['fails', 'exit 4', { kind: 'oomKilled', process: 'child', exitCode: 4 }],
  ])('loses a child to an out-of-memory kill and %s', async (_, end, expected) => {
    const hungry = `node -e "const all = []; for (;;) all.push(Buffer.alloc(1 << 24, 1))"; ${end}`
    const run = await runner.start(request({ command: sh(hungry), resources: { limits: { memory: '160Mi' } } }))
    const outcome = await outcomeOf(run)
    // Control groups of version 2 kill all processes of a container together.
    const alone = existsSync('/sys/fs/cgroup/memory')
    expect(outcome).toMatchObject(alone ? expected : { kind: 'oomKilled' })
  })

  it('meets the deadline of its Job', async () => {
    const run = await runner.start(request({ command: polite }))
    const events = await firstLine(run)
    await patchJob(run, { spec: { activeDeadlineSeconds: 1 } })
    await rest(events)
    expect(await run.outcome).toMatchObject({ kind: 'deadlineExceeded', limit: 'job', reason: 'DeadlineExceeded' })
  })

  it('ends within 50 ms, before anyone attaches, and is still read to its end', async () => {
    const run = await runner.start(request({ command: sh('echo quick') }))
    await run.detach()
    await podTerminal(client, namespace, run.job.uid)
    const late = await runner.attach({ job: run.job.name, uid: run.job.uid })
    expect(linesOf(await collect(late.events))).toEqual(['quick'])
    expect(await late.outcome).toMatchObject({ kind: 'succeeded', exitCode: 0 })
    await late.settled
  })

  it('is collected by its TTL the moment it ends, and is complete all the same', async () => {
    const run = await runner.start(request({ command: sh('echo one; sleep 1; echo two') }))
    await patchJob(run, { spec: { ttlSecondsAfterFinished: 0 } })
    const events = await collect(run.events)
    expect(linesOf(events)).toEqual(['one', 'two'])
    expect(events).toContainEqual({ type: 'output', verdict: 'complete' })
    expect(await run.outcome).toMatchObject({ kind: 'succeeded' })
    await run.settled
    await gone(run)
    await expect(runner.attach({ job: run.job.name, uid: run.job.uid })).rejects.toMatchObject({
      code: 'job_not_found',
    })
  })

  it('is collected by its TTL before anyone has read its output: the Job is reported gone, and nothing is made up', async () => {
    const run = await runner.start(request({ command: sh('kill -9 $PPID; echo lost') }))
    await patchJob(run, { spec: { ttlSecondsAfterFinished: 0 } })
    expect(['signalled', 'containerLost', 'lost', 'deletedExternally']).toContain((await outcomeOf(run)).kind)
  })

  it('waits in its queue, is admitted, and is preempted when the queue takes its place back', async () => {
    const run = await runner.start(request({ command: polite, queue: { name: 'missing-queue' } }))
    const events = run.events[Symbol.asyncIterator]()
    await readUntil(events, (event) => event.type === 'phase' && event.phase === 'queued')
    // This test plays the queue itself; a Kueue in the cluster would suspend the Job again.
    await patchJob(run, { metadata: { labels: { 'kueue.x-k8s.io/queue-name': null } }, spec: { suspend: false } })
    await readUntil(events, ({ type }) => type === 'line')
    await patchJob(run, {
      metadata: { labels: { 'kueue.x-k8s.io/queue-name': 'missing-queue' } },
      spec: { suspend: true },
    })
    await rest(events)
    // The condition of the Job or its suspension itself, whichever is seen first.
    expect(await run.outcome).toMatchObject({
      kind: 'preempted',
      by: 'queue',
      reason: expect.stringMatching(/Suspended$/),
    })
  })

  it('takes everything that scheduling, DNS, labels and sidecars offer', async () => {
    const [node] = (await client.list(kinds.Node)).items
    const host = node?.metadata?.labels?.['kubernetes.io/hostname'] ?? ''
    const label = { 'example.com/team': 'a.b_c-d' }
    const run = await runner.start(
      request({
        command: sh('cat /etc/resolv.conf /etc/hosts; cat /shared/side'),
        labels: label,
        annotations: { 'example.com/why': 'ünïcode, and "quotes"' },
        scheduling: {
          nodeSelector: { 'kubernetes.io/hostname': host },
          tolerations: [{ key: 'example.com/none', operator: 'Exists', effect: 'NoSchedule' }],
          affinity: {
            nodeAffinity: {
              requiredDuringSchedulingIgnoredDuringExecution: {
                nodeSelectorTerms: [
                  { matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: [host] }] },
                ],
              },
            },
          },
          priorityClassName: 'disruption-e2e-high',
          runtimeClassName: 'disruption-e2e',
          topologySpreadConstraints: [
            {
              maxSkew: 1,
              topologyKey: 'kubernetes.io/hostname',
              whenUnsatisfiable: 'ScheduleAnyway',
              labelSelector: { matchLabels: label },
            },
          ],
        },
        dnsPolicy: 'None',
        dnsConfig: { nameservers: ['192.0.2.53'], searches: ['example.test'] },
        hostAliases: [{ ip: '192.0.2.1', hostnames: ['db.example.test'] }],
        volumes: [{ name: 'shared', emptyDir: {} }],
        mounts: [{ name: 'shared', mountPath: '/shared' }],
        sidecars: [
          {
            name: 'side',
            image,
            imagePullPolicy: 'IfNotPresent',
            command: ['sh', '-c', 'trap "exit 0" TERM; echo beside > /shared/side; while :; do sleep 0.1; done'],
            volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
            startupProbe: { exec: { command: ['test', '-s', '/shared/side'] }, periodSeconds: 1 },
            securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
          },
        ],
      }),
    )
    const text = linesOf(await collect(run.events)).join('\n')
    expect(await run.outcome, text).toMatchObject({ kind: 'succeeded' })
    for (const part of ['192.0.2.53', 'example.test', 'db.example.test', 'beside']) expect(text).toContain(part)
    await run.settled
  })

  it('is lost by its runtime: a failure of the infrastructure, without a made-up exit code', async () => {
    const run = await runner.start(request({ command: endless, retain: true }))
    const events = await firstLine(run)
    process.kill(await shimPid(client, run), 'SIGKILL')
    const seen = await rest(events)
    const outcome = await run.outcome
    expect(outcome, describeOutcome(outcome).message).toMatchObject({ kind: 'containerLost', exitCode: null })
    expect(seen.filter(({ type }) => type === 'output')).toHaveLength(1)
    await run.settled
    // A made-up code (docs/kubernetes-facts.md#unknown-exits); the reason differs between versions of the runtime.
    const pod = await client.get(kinds.Pod, { name: run.pod?.name ?? '', namespace })
    expect(pod.status?.containerStatuses?.[0]?.state?.terminated).toMatchObject({ exitCode: 255 })
  })

  it('names a sidecar that keeps failing', async () => {
    const side = { name: 'side', image, imagePullPolicy: 'IfNotPresent', command: ['sh', '-c', 'exit 3'] }
    const startupProbe = { exec: { command: ['true'] }, initialDelaySeconds: 1 }
    const run = await runner.start(request({ sidecars: [{ ...side, startupProbe }], start: { budgetSeconds: 4 } }))
    const outcome = await outcomeOf(run)
    expect(outcome, describeOutcome(outcome).message).toMatchObject({ kind: 'initFailed', container: 'side' })
  })

  describe.skipIf(!existsSync(kubeletPid))(`whose node is lost (needs ${kubeletPid})`, () => {
    it('is reported as `nodeLost`, nothing is removed, and a run that tolerates it continues', async () => {
      const tolerations = ['not-ready', 'unreachable'].map((condition) => ({
        key: `node.kubernetes.io/${condition}`,
        operator: 'Exists',
        effect: 'NoExecute',
        tolerationSeconds: 0,
      }))
      const key = `lost-${randomUUID()}`
      const lost = await runner.start(
        request({ key, command: endless, scheduling: { tolerations }, terminationGracePeriodSeconds: 1 }),
      )
      const patient = await runner.start(
        request({ command: sh('trap "exit 0" TERM; while :; do echo tick; sleep 0.5; done') }),
      )
      await firstLine(lost)
      const ticks = await firstLine(patient)
      await withoutKubelet(async () => {
        expect(await lost.outcome).toMatchObject({
          kind: 'nodeLost',
          reason: 'DeletionByTaintManager',
          node: lost.pod?.node,
        })
        const job = await client.get(kinds.Job, { name: lost.job.name, namespace })
        expect(job.metadata?.deletionTimestamp).toBeUndefined()
        await expect(
          createJobRunner({ client, namespace, handoverMs: 0 }).start(request({ key })),
        ).rejects.toMatchObject({ code: 'run_locked', holder: { job: lost.job.name } })
      })
      await lost.settled
      // Ticks printed during the outage arrive now, and new ones after them.
      const backAt = Date.now()
      await readUntil(ticks, (event) => event.type === 'line' && event.time > backAt)
      const ended = patient.cancel({ by: 'test' })
      await rest(ticks)
      expect(await patient.outcome).toMatchObject({ kind: 'cancelled' })
      expect(await ended).toBe('gone')
      // The node is back: the lost run has ended, and the key is free.
      await podsOver(client, namespace, lost.job.uid)
      expect(await outcomeOf(await runner.start(request({ key })))).toMatchObject({ kind: 'succeeded' })
    })
  })
})
