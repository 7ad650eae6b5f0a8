import type { V1ContainerState, V1Job, V1Pod } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { viewRun } from './run-view.ts'

const at = new Date('2026-11-29T12:00:00Z')
const later = new Date('2026-11-29T12:01:30Z')
const job = (o: { suspend?: boolean; condition?: string; deleted?: boolean; cancelledBy?: string } = {}): V1Job => ({
  metadata: {
    name: 'claude-1',
    namespace: 'agents',
    uid: 'u',
    creationTimestamp: at,
    labels: { 'app.kubernetes.io/name': 'claude' },
    annotations: {
      'agent-jobs.dev/key': 'k',
      'agent-jobs.dev/run-id': 'r',
      ...(o.cancelledBy === undefined ? {} : { 'agent-jobs.dev/cancelled-by': o.cancelledBy }),
    },
    ...(o.deleted ? { deletionTimestamp: later } : {}),
  },
  spec: { suspend: o.suspend ?? false, template: { spec: { containers: [{ name: 'main', image: 'agent:1' }] } } },
  status:
    o.condition === undefined
      ? {}
      : { conditions: [{ type: o.condition, status: 'True', reason: 'BackoffLimitExceeded' }] },
})
const pod = (state: V1ContainerState | undefined, status: Partial<V1Pod['status'] & object> = {}): V1Pod => ({
  metadata: { name: 'claude-1-x' },
  spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'agent:1' }] },
  status: { ...(state === undefined ? {} : { containerStatuses: [status0(state)] }), ...status },
})
const status0 = (state: V1ContainerState) => ({
  name: 'main',
  image: 'agent:1',
  imageID: '',
  ready: false,
  restartCount: 0,
  state,
})
const ended = (exitCode: number, reason: string): V1ContainerState => ({
  terminated: { exitCode, reason, startedAt: at, finishedAt: later },
})

describe('viewRun', () => {
  it.each<[string, V1Job, V1Pod | undefined, object]>([
    ['a suspended Job', job({ suspend: true }), undefined, { state: 'queued', reason: 'Suspended' }],
    ['a Job without a pod', job(), undefined, { state: 'pending', reason: 'NoPod', pod: null }],
    [
      'a pod that fits no node',
      job(),
      pod(undefined, { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable' }] }),
      { state: 'pending', reason: 'Unschedulable' },
    ],
    [
      'an image that cannot be pulled',
      job(),
      pod({ waiting: { reason: 'ImagePullBackOff' } }),
      { state: 'pending', reason: 'ImagePullBackOff' },
    ],
    [
      'a container being made',
      job(),
      pod({ waiting: { reason: 'ContainerCreating' } }),
      { state: 'pending', reason: 'ContainerCreating' },
    ],
    [
      'a running container',
      job(),
      pod({ running: { startedAt: at } }),
      { state: 'running', reason: null, durationMs: 120_000, node: 'node-1' },
    ],
    [
      'a complete Job',
      job({ condition: 'Complete' }),
      pod(ended(0, 'Completed')),
      { state: 'succeeded', reason: null, exitCode: 0, durationMs: 90_000 },
    ],
    ['an ended container before the Job says so', job(), pod(ended(0, 'Completed')), { state: 'succeeded' }],
    [
      'another exit code',
      job({ condition: 'Failed' }),
      pod(ended(3, 'Error')),
      { state: 'failed', reason: 'exit 3', exitCode: 3 },
    ],
    [
      'a kill for memory',
      job({ condition: 'Failed' }),
      pod(ended(137, 'OOMKilled')),
      { state: 'failed', reason: 'OOMKilled' },
    ],
    [
      'an eviction',
      job({ condition: 'Failed' }),
      pod(undefined, { phase: 'Failed', reason: 'Evicted' }),
      { state: 'failed', reason: 'Evicted' },
    ],
    [
      'a preemption',
      job({ condition: 'Failed' }),
      pod(ended(143, 'Error'), {
        conditions: [{ type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler' }],
      }),
      { state: 'failed', reason: 'PreemptionByScheduler' },
    ],
    [
      'a failed Job whose pod is gone',
      job({ condition: 'Failed' }),
      undefined,
      { state: 'failed', reason: 'BackoffLimitExceeded' },
    ],
    [
      'a Job that is being deleted',
      job({ deleted: true }),
      pod({ running: { startedAt: at } }),
      { state: 'terminating', reason: null },
    ],
    [
      'a run that is being cancelled',
      job({ cancelledBy: 'me' }),
      pod({ running: { startedAt: at } }),
      { state: 'terminating', reason: 'Cancelled', cancelledBy: 'me' },
    ],
    [
      'a cancelled run',
      job({ cancelledBy: 'me', condition: 'Failed' }),
      pod(ended(143, 'Error')),
      { state: 'cancelled', cancelledBy: 'me' },
    ],
  ])('tells %s', (_what, ofJob, ofPod, expected) => {
    const now = Date.parse('2026-11-29T12:02:00Z')
    expect(viewRun(ofJob, ofPod, now)).toMatchObject({
      job: 'claude-1',
      namespace: 'agents',
      agent: 'claude',
      image: 'agent:1',
      key: 'k',
      runId: 'r',
      createdAt: '2026-11-29T12:00:00.000Z',
      ...expected,
    })
  })
})
