import { isNotFound, kinds, type KubeClient, type KubeObject, type ResourceKind } from '@agent-jobs/kube-api'
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import {
  connect,
  kubeConfigPath,
  podTerminal,
  removeJobs,
  request,
  sh,
  unlessGone,
  unlessThere,
} from '../test/support/real-cluster.ts'
import { firstLine, linesOf, readUntil, rest } from '../test/support/world.ts'
import { createJobRunner, type JobRunner, type RunHandle, type RunRequest } from './index.ts'

// Kueue is installed with KUEUE_NAMESPACES="runner-kueue runner-kueue-b": its webhooks apply to the Jobs of these two only.
const [ours, theirs] = ['runner-kueue', 'runner-kueue-b'] as const
const cohort = 'runner-kueue'

const kueueKind = (kind: string, plural: string, namespaced: boolean): ResourceKind<KubeObject> => ({
  apiVersion: 'kueue.x-k8s.io/v1beta2',
  kind,
  plural,
  namespaced,
})
const Flavor = kueueKind('ResourceFlavor', 'resourceflavors', false)
const ClusterQueue = kueueKind('ClusterQueue', 'clusterqueues', false)
const LocalQueue = kueueKind('LocalQueue', 'localqueues', true)
const PriorityClass = kueueKind('WorkloadPriorityClass', 'workloadpriorityclasses', false)
const Workload = kueueKind('Workload', 'workloads', true)

async function isInstalled(): Promise<boolean> {
  if (kubeConfigPath === '') return false
  const client = connect()
  try {
    await client.list(ClusterQueue)
    return true
  } catch (error) {
    if (!isNotFound(error)) throw error
    return false
  } finally {
    await client.close()
  }
}
const installed = await isInstalled()

let client: KubeClient
let a: JobRunner
let b: JobRunner
const requests: string[] = []

const shared: [ResourceKind<KubeObject>, object][] = [
  [Flavor, { metadata: { name: cohort } }],
  ...['low', 'high'].map((name): [ResourceKind<KubeObject>, object] => [
    PriorityClass,
    { metadata: { name: `${cohort}-${name}` }, value: name === 'low' ? 10 : 1000 },
  ]),
  // Each company owns 100m and may borrow the other's 100m while that is free.
  ...[ours, theirs].map((name): [ResourceKind<KubeObject>, object] => [
    ClusterQueue,
    {
      metadata: { name },
      spec: {
        cohortName: cohort,
        namespaceSelector: {},
        preemption: { withinClusterQueue: 'LowerPriority', reclaimWithinCohort: 'Any' },
        resourceGroups: [
          {
            coveredResources: ['cpu'],
            flavors: [{ name: cohort, resources: [{ name: 'cpu', nominalQuota: '100m' }] }],
          },
        ],
      },
    },
  ]),
]

/** A run of 100m that ends at once, with code 0, on SIGTERM: its exit code says nothing about a preemption. */
function queued(fields: Partial<RunRequest> = {}): RunRequest {
  return request({
    command: sh('trap "exit 0" TERM; echo up; while :; do sleep 0.1; done'),
    resources: { requests: { cpu: '100m' } },
    queue: { name: 'agents' },
    terminationGracePeriodSeconds: 5,
    ...fields,
  })
}

async function workloadOf({ job }: RunHandle): Promise<KubeObject> {
  const { items } = await client.list(Workload, {
    namespace: job.namespace,
    labelSelector: `kueue.x-k8s.io/job-uid=${job.uid}`,
  })
  const [found] = items
  if (found === undefined) throw new Error(`expected a Workload for Job ${job.name}`)
  return found
}

async function podNames({ job }: RunHandle): Promise<string[]> {
  const labelSelector = `batch.kubernetes.io/controller-uid=${job.uid}`
  const { items } = await client.list(kinds.Pod, { namespace: job.namespace, labelSelector })
  return items.map(({ metadata }) => metadata?.name ?? '')
}

/** Resolves when the Job of a run is gone. */
async function jobGone({ job }: RunHandle): Promise<void> {
  const stop = new AbortController()
  const options = { namespace: job.namespace, fieldSelector: `metadata.name=${job.name}`, signal: stop.signal }
  let isThere = false
  for await (const event of client.listWatch(kinds.Job, options)) {
    if (event.type === 'synced' ? !isThere : event.type === 'deleted') break
    isThere = true
  }
  stop.abort()
}

/** Reads events until the run reports that it waits, and why. */
function waiting(run: RunHandle, why: RegExp) {
  const events = run.events[Symbol.asyncIterator]()
  return {
    events,
    told: readUntil(events, (event) => event.type === 'phase' && event.phase === 'queued' && why.test(event.message)),
  }
}

describe.runIf(installed)('a run in a real Kueue', () => {
  beforeAll(async () => {
    client = connect()
    for (const namespace of [ours, theirs]) {
      await unlessThere(client.create(kinds.Namespace, { metadata: { name: namespace } }))
      await removeJobs(client, namespace)
    }
    for (const [kind, object] of shared) await unlessThere(client.create(kind, object))
    for (const namespace of [ours, theirs]) {
      const queue = { metadata: { name: 'agents', namespace }, spec: { clusterQueue: namespace } }
      await unlessThere(client.create(LocalQueue, queue))
    }
    a = createJobRunner({ client: connect((line) => requests.push(line)), namespace: ours })
    b = createJobRunner({ client: connect(), namespace: theirs })
  })
  // Leftovers of a failed test would hold the quota of the next.
  afterEach(async () => {
    for (const namespace of [ours, theirs]) await removeJobs(client, namespace)
  })
  afterAll(async () => {
    for (const namespace of [ours, theirs]) {
      await removeJobs(client, namespace)
      await unlessGone(client.delete(LocalQueue, { name: 'agents', namespace }))
    }
    for (const [kind, { metadata }] of shared.toReversed() as [ResourceKind<KubeObject>, KubeObject][]) {
      await unlessGone(client.delete(kind, { name: metadata?.name ?? '' }))
    }
    for (const name of [ours, theirs]) await unlessGone(client.delete(kinds.Namespace, { name }))
    await client.close()
  })

  it('shares quota with another company: it returns what it borrowed, and a preempted run is never started again', async () => {
    const owned = await a.start(queued())
    const ownedLines = await firstLine(owned)
    const borrowing = await a.start(queued())
    const borrowedLines = await firstLine(borrowing)
    const third = await a.start(queued())
    const { events: thirdEvents, told } = waiting(third, /insufficient unused quota/)
    await told
    // The other company reclaims its quota.
    const other = await b.start(queued())
    const otherLines = await firstLine(other)
    const ends = await Promise.race([rest(borrowedLines).then(() => borrowing), rest(ownedLines).then(() => owned)])
    expect(await ends.outcome).toMatchObject({ kind: 'preempted', by: 'queue', reason: 'Preempted' })
    await ends.settled
    await jobGone(ends)
    expect(await podNames(ends)).toEqual([])
    const stays = ends === owned ? borrowing : owned
    await Promise.all([stays.cancel({ by: 'test' }), third.cancel({ by: 'test' }), other.cancel({ by: 'test' })])
    expect((await stays.outcome).kind).toBe('cancelled')
    await rest(thirdEvents)
    await rest(otherLines)
  })

  it('waits without polling, reports its position, and can be cancelled', async () => {
    const [first, second] = [await a.start(queued()), await a.start(queued())]
    await Promise.all([firstLine(first), firstLine(second)])
    const third = await a.start(queued())
    const { events, told } = waiting(third, /queue agents, position 1/)
    await told
    // The requests of the start have been answered by then: logs, seals, the position in the queue.
    await sleep(1000)
    const before = requests.length
    await sleep(3000)
    expect(requests.slice(before)).toEqual([])
    expect(await third.cancel({ by: 'ada' })).toBe('gone')
    expect((await rest(events)).at(-1)).toMatchObject({ outcome: { kind: 'cancelled', by: 'ada' } })
    expect(await podNames(third)).toEqual([])
    await Promise.all([first.cancel({ by: 'test' }), second.cancel({ by: 'test' })])
    await Promise.all([first.settled, second.settled])
  })

  it('ends when an administrator deactivates it', async () => {
    const [first, second] = [await a.start(queued()), await a.start(queued())]
    await Promise.all([firstLine(first), firstLine(second)])
    const third = await a.start(queued())
    await waiting(third, /insufficient/).told
    const { metadata } = await workloadOf(third)
    const body = { spec: { active: false } }
    await client.patch(Workload, { name: metadata?.name ?? '', namespace: ours, type: 'merge', body })
    expect(await third.outcome).toMatchObject({ kind: 'preempted', by: 'queue', reason: 'Deactivated' })
    await third.settled
    await Promise.all([first.cancel({ by: 'test' }), second.cancel({ by: 'test' })])
    await Promise.all([first.settled, second.settled])
  })

  it('is not started again by its queue although no process has seen it start, if it has a journal', async () => {
    // A folder of this machine, which is the node.
    const folder = mkdtempSync(join(tmpdir(), 'kueue-journal-'))
    chmodSync(folder, 0o777)
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const [low, high] = [`${cohort}-low`, `${cohort}-high`]
    const filler = await b.start(queued({ queue: { name: 'agents', priorityClass: high } }))
    await firstLine(filler)
    const run = await a.start(
      queued({
        command: sh('trap "exit 0" TERM; echo started >> /work/starts; while :; do sleep 0.1; done'),
        queue: { name: 'agents', priorityClass: low },
        volumes: [{ name: 'work', hostPath: { path: folder } }],
        mounts: [{ name: 'work', mountPath: '/work' }],
        journal: { path: '/work/journal' },
      }),
    )
    await run.detach()
    const starts = () => (existsSync(join(folder, 'starts')) ? readFileSync(join(folder, 'starts'), 'utf8') : '')
    await expect.poll(starts, { timeout: 30_000 }).toBe('started\n')
    const rival = await a.start(queued({ queue: { name: 'agents', priorityClass: high } }))
    await firstLine(rival)
    await rival.cancel({ by: 'test' })
    await rival.settled
    // Its queue admits it again, and a second pod of the same Job ends without having started the command.
    await podTerminal(client, ours, run.job.uid)
    const late = await a.attach({ job: run.job.name })
    expect(await late.outcome).toMatchObject({ kind: 'preempted', by: 'queue', reason: 'already_started' })
    await late.settled
    expect(starts()).toBe('started\n')
    await filler.cancel({ by: 'test' })
    await filler.settled
  })

  it('is not started again by its queue while no process follows it', async () => {
    const [low, high] = [`${cohort}-low`, `${cohort}-high`]
    const filler = await b.start(queued({ queue: { name: 'agents', priorityClass: high } }))
    await firstLine(filler)
    const run = await a.start(queued({ queue: { name: 'agents', priorityClass: low } }))
    await firstLine(run)
    // The seal is set right after the start; only then may this process exit.
    const secrets = () =>
      client.list(kinds.Secret, { namespace: ours, labelSelector: `agent-jobs.dev/run-id=${run.runId}` })
    await expect
      .poll(async () =>
        Object.keys((await secrets()).items[0]?.data ?? {}).filter((key) => key.startsWith('AGENT_JOBS_RUN_')),
      )
      .toEqual([])
    await run.detach()
    const rival = await a.start(queued({ queue: { name: 'agents', priorityClass: high } }))
    await firstLine(rival)
    await rival.cancel({ by: 'test' })
    await rival.settled
    const late = await a.attach({ job: run.job.name })
    const outcome = await late.outcome
    expect(outcome).toMatchObject({ kind: 'preempted', by: 'queue' })
    await late.settled
    await filler.cancel({ by: 'test' })
    await filler.settled
    expect(linesOf(await rest(late.events[Symbol.asyncIterator]()))).toEqual([])
  })
})
