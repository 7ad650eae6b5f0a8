import { randomUUID } from 'node:crypto'
import { kinds, type KubeClient } from '@agent-jobs/kube-api'
import type { V1PersistentVolumeClaim as PersistentVolumeClaim } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { connect, fairShare, image, kubeConfigPath, unlessThere } from '../test/support/real-cluster.ts'
import { createJobRunner, type RunHandle, type RunRequest } from './index.ts'

const namespace = 'handover-e2e'
const runs = 7
const longestGapMs = 20_000
const usualGapMs = 8000
/** A handover that took longer prints its details. */
const slowGapMs = 4000

function request(key: string, script: string): RunRequest {
  return {
    key,
    runId: randomUUID(),
    image,
    resources: fairShare,
    imagePullPolicy: 'IfNotPresent',
    command: { argv: ['sh', '-c', script] },
    volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }],
    mounts: [{ name: 'data', mountPath: '/data' }],
    // The default for an agent of Paperclip: a pod that does not exit on its own would hold the key this long.
    terminationGracePeriodSeconds: 65,
  }
}

/** Prints what happened in a slow handover, by the runner and by the cluster. */
async function explain(client: KubeClient, { pod }: RunHandle, gap: number, story: readonly string[]): Promise<void> {
  const fieldSelector = `involvedObject.name=${pod?.name}`
  const { items } = await client.list(kinds.Event, { namespace, fieldSelector })
  const events = items.map(({ reason, count, message }) => `${reason} ×${count ?? 1} ${message}`)
  process.stdout.write(`a handover of ${gap} ms:\n  ${[...story, ...events].join('\n  ')}\n`)
}

/**
 * Runs one command after the other under one key, each started as soon as the outcome of the last is known. Returns the
 * milliseconds from the outcome of a run to the first line of the next.
 */
async function chain(script: string, { fresh }: { fresh: boolean }): Promise<number[]> {
  const key = `handover-${randomUUID()}`
  const gaps: number[] = []
  let client = connect()
  let runner = createJobRunner({ client, namespace })
  let endedAt: number | undefined
  const left: Promise<unknown>[] = []
  for (let index = 0; index < runs; index += 1) {
    const calledAt = Date.now()
    const run = await runner.start(request(key, script))
    const story = [`start took ${Date.now() - calledAt} ms`]
    for await (const event of run.events) {
      if (event.type === 'phase' || event.type === 'warning') story.push(`${event.at - calledAt} ${event.message}`)
      if (event.type !== 'line' || event.text !== 'here') continue
      const gap = Date.now() - (endedAt ?? Date.now())
      if (endedAt !== undefined) gaps.push(gap)
      if (gap > slowGapMs) await explain(client, run, gap, story)
      break
    }
    await run.outcome
    if (!fresh) endedAt = Date.now()
    left.push(run.settled)
    if (!fresh) continue
    // As after the end of a server: the last run has been removed, and no process remembers it.
    await run.settled
    endedAt = Date.now()
    await client.close()
    client = connect()
    runner = createJobRunner({ client, namespace })
  }
  await Promise.all(left)
  await client.close()
  return gaps
}

const median = (values: readonly number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0

describe.skipIf(kubeConfigPath === '')('runs of one key, back to back on a real cluster (needs KUBECONFIG)', () => {
  let client: KubeClient
  beforeAll(async () => {
    client = connect()
    const volume: PersistentVolumeClaim = {
      metadata: { name: 'data', namespace },
      spec: { accessModes: ['ReadWriteMany'], resources: { requests: { storage: '1Gi' } } },
    }
    await unlessThere(client.create(kinds.Namespace, { metadata: { name: namespace } }))
    await unlessThere(client.create(kinds.PersistentVolumeClaim, volume))
  })
  afterAll(() => client.close())

  it.each([
    ['by one runner', 'echo here', false],
    ['by a new runner each', 'echo here; exit 1', true],
    ['by one runner, after a command that leaves a process', '(trap "" TERM; sleep 600) & echo here', false],
  ] as const)(
    'wait for each other no longer than a pod takes to go: %s',
    async (how, script, fresh) => {
      const times = await chain(script, { fresh })
      const told = JSON.stringify({ median: median(times), max: Math.max(...times), times })
      process.stdout.write(`handover ${how}: ${told}\n`)
      expect(Math.max(...times), told).toBeLessThan(longestGapMs)
      expect(median(times), told).toBeLessThan(usualGapMs)
    },
    300_000,
  )
})
