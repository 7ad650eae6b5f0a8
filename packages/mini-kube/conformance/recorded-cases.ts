import { existsSync, readFileSync } from 'node:fs'
import { ProcessTree } from '../src/kubelet/process-tree.ts'
import type { MiniKube } from '../src/mini-kube.ts'
import type { MiniKubeOptions } from '../src/options.ts'
import type { TestClient, TestObject } from '../test/test-client.ts'
import type { WatchEvent } from './normalise.ts'

const folder = new URL('../src/__fixtures__/kubernetes/', import.meta.url)

/** A file of a recording. */
export const recorded = (path: string) => readFileSync(new URL(path, folder), 'utf8')

/** A recorded watch; empty where none was recorded. */
export const recordedStream = (path: string): WatchEvent[] =>
  existsSync(new URL(path, folder))
    ? recorded(path)
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line) as WatchEvent)
    : []

/** Where a recording is played again. */
export interface Scene {
  client: TestClient
  kube: MiniKube
  namespace: string
  job: string
  /** Waits for a state of a pod of the Job. */
  until: (test: (pod: TestObject, type: string) => boolean) => Promise<TestObject>
}

type Before = (scene: Omit<Scene, 'until'>) => Promise<unknown>
type Act = (scene: Scene) => Promise<unknown>

/** What was done on the recorded cluster; the Job itself comes from the recording. */
export interface RecordedCase {
  /** A cluster of its own, for what concerns more than one Job. */
  own?: MiniKubeOptions
  /** What was there before the Job. */
  before?: Before
  act?: Act
  /** Replaces the recorded command where running that would harm this machine; the fault does the killing. */
  command?: string[]
  /** Suspend is what the recorded Job ended with, not what it was made with. */
  spec?: object
}

const podPath = ({ namespace }: Pick<Scene, 'namespace'>, name = '') => `/api/v1/namespaces/${namespace}/pods/${name}`
const running = (pod: TestObject) => pod.status?.phase === 'Running'
const reasonOf = (pod: TestObject) => pod.status?.containerStatuses?.[0]?.state.waiting?.reason
const asBefore = {}

/** Waits until the pod's program has printed that it is up, so that it handles its signals. */
async function up(scene: Scene): Promise<TestObject> {
  const pod = await scene.until(running)
  await scene.client.firstOutput(`${podPath(scene, pod.metadata.name)}/log`)
  return pod
}

async function expectStatus(answer: Promise<{ status: number; body: unknown }>, status: number): Promise<void> {
  const { status: given, body } = await answer
  if (given !== status) throw new Error(`expected ${status}, got ${given}: ${JSON.stringify(body)}`)
}

const removePod =
  (options?: object): Act =>
  async (scene) => {
    const pod = await up(scene)
    await expectStatus(scene.client.send('DELETE', podPath(scene, pod.metadata.name), options), 200)
  }

const removeJob =
  (propagationPolicy: string): Act =>
  async (scene) => {
    await up(scene)
    const path = `/apis/batch/v1/namespaces/${scene.namespace}/jobs/${scene.job}`
    await expectStatus(scene.client.send('DELETE', path, { propagationPolicy }), 200)
  }

const evictByApi: Act = async (scene) => {
  const { name } = (await up(scene)).metadata
  const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace: scene.namespace } }
  await expectStatus(scene.client.send('POST', `${podPath(scene, name)}/eviction`, body), 201)
}

const evictByKubelet =
  (recording: string): Act =>
  async (scene) => {
    const pod = await up(scene)
    const message = String(recordedStream(`${recording}/pods.watch.ndjson`).at(-1)?.object.status?.['message'])
    await scene.kube.faults.inject({ kind: 'evict', namespace: scene.namespace, pod: pod.metadata.name, message })
  }

const oom =
  (exitCode: number): Act =>
  async ({ kube, namespace, until }) => {
    const pod = await until(running)
    await kube.faults.inject({ kind: 'oom', namespace, pod: pod.metadata.name, exitCode })
  }

const preempt: Act = async (scene) => {
  const pod = await up(scene)
  await scene.kube.faults.inject({ kind: 'preempt', namespace: scene.namespace, pod: pod.metadata.name })
}

const loseNode: Act = async (scene) => {
  await up(scene)
  await scene.kube.faults.inject({ kind: 'node-lost' })
}

const secret = (name: string, data: Record<string, string>) => ({ metadata: { name }, stringData: data })
const makeSecret = ({ client, namespace }: Omit<Scene, 'until'>, name: string, data: Record<string, string>) =>
  expectStatus(client.send('POST', `/api/v1/namespaces/${namespace}/secrets`, secret(name, data)), 201)

const patchNode =
  (spec: object): Before =>
  ({ client }) =>
    expectStatus(client.send('PATCH', '/api/v1/nodes/node-1', { spec }, 'application/merge-patch+json'), 200)

/** A pod that takes room on the node, or a quota's, and does nothing else. */
const hog = ({ client, ...place }: Omit<Scene, 'until'>, cpu: string) =>
  expectStatus(
    client.send('POST', podPath(place), {
      metadata: { name: 'hog' },
      spec: {
        automountServiceAccountToken: false,
        containers: [{ name: 'a', image: 'fn', resources: { requests: { cpu } } }],
      },
    }),
    201,
  )

const quota =
  (cpu: string | undefined): Before =>
  async (place) => {
    if (cpu !== undefined) await hog(place, cpu)
    const body = { metadata: { name: 'q' }, spec: { hard: { 'requests.cpu': '1' } } }
    await expectStatus(place.client.send('POST', `/api/v1/namespaces/${place.namespace}/resourcequotas`, body), 201)
  }

const quiet = ['/bin/sh', '-c', 'echo up; sleep 60']

/** Every recorded run of a Job, and how it is staged here. */
export const recordedCases: Readonly<Record<string, RecordedCase>> = {
  completed: asBefore,
  'exit-nonzero': asBefore,
  'exit-143-sigterm-self': asBefore,
  segfault: asBefore,
  'sigkill-from-outside': {
    act: async (scene) => {
      const pod = await up(scene)
      const [status] = (pod.status?.containerStatuses ?? []) as { containerID?: string }[]
      await new ProcessTree().kill({ marker: String(status?.containerID).replace('containerd://', '') })
    },
  },
  'init-failed': asBefore,
  'command-missing': asBefore,
  'command-not-executable': asBefore,
  'workdir-is-a-file': asBefore,
  // Its fixture has the 140,000 letters cut to one.
  'env-too-long': asBefore,
  'unschedulable-cpu': asBefore,
  'unschedulable-memory': asBefore,
  'unschedulable-node-selector': asBefore,
  'unschedulable-affinity': asBefore,
  'unschedulable-pvc-missing': asBefore,
  'unschedulable-pvc-pending': {
    before: ({ client, namespace }) =>
      expectStatus(
        client.send('POST', `/api/v1/namespaces/${namespace}/persistentvolumeclaims`, {
          metadata: { name: 'never' },
          spec: {
            accessModes: ['ReadWriteOnce'],
            storageClassName: 'absent',
            resources: { requests: { storage: '1Gi' } },
          },
        }),
        201,
      ),
  },
  'unschedulable-cordoned': { own: {}, before: patchNode({ unschedulable: true }) },
  'unschedulable-taint': { own: {}, before: patchNode({ taints: [{ key: 'a', value: 'b', effect: 'NoSchedule' }] }) },
  'out-of-cpu-kubelet': { own: {} },
  'env-secret-missing': asBefore,
  'env-secret-key-missing': asBefore,
  'envfrom-secret-missing': asBefore,
  'env-secret-late': {
    act: async (scene) => {
      await scene.until((pod) => reasonOf(pod) === 'CreateContainerConfigError')
      await makeSecret(scene, 'late2', { K: 'v', k: 'v', key: 'v', A: 'v' })
    },
  },
  'mount-secret-missing': asBefore,
  'mount-secret-key-missing': asBefore,
  'mount-configmap-missing': asBefore,
  'mount-secret-late': {
    act: async (scene) => {
      await scene.client.until(
        `/api/v1/namespaces/${scene.namespace}/events`,
        (event) => event['reason'] === 'FailedMount' && String(event.message).includes('late1'),
      )
      await makeSecret(scene, 'late1', { k: 'v' })
    },
  },
  'image-name-invalid': asBefore,
  'image-never-pull': asBefore,
  'image-pull-error': asBefore,
  'image-pull-backoff': asBefore,
  'image-pull-registry-refused': asBefore,
  'init-image-pull': asBefore,
  'run-as-nonroot-violated': asBefore,
  'service-account-missing': asBefore,
  'quota-exceeded': { own: {}, before: quota('500') },
  'quota-needs-requests': { own: {}, before: quota(undefined) },
  'deadline-pod': asBefore,
  'deadline-job': asBefore,
  'deadline-job-ignores-term': asBefore,
  'job-activedeadline-pending': asBefore,
  'job-suspended-while-running': {
    spec: { suspend: false },
    act: async (scene) => {
      await up(scene)
      const path = `/apis/batch/v1/namespaces/${scene.namespace}/jobs/${scene.job}`
      const body = { spec: { suspend: true } }
      await expectStatus(scene.client.send('PATCH', path, body, 'application/merge-patch+json'), 200)
    },
  },
  'job-deleted-foreground': { act: removeJob('Foreground') },
  'job-deleted-background': { act: removeJob('Background') },
  'pod-deleted': { act: removePod() },
  'pod-deleted-ignores-term': { act: removePod() },
  'pod-deleted-failjob-policy': { act: removePod() },
  'pod-force-deleted': { act: removePod({ gracePeriodSeconds: 0 }) },
  // Whether the Job says Complete is a coin toss of the real controller; here it looks late, as it did when recorded.
  'evicted-api': { own: { timing: { jobBatchMs: 5_000 } }, act: evictByApi },
  'evicted-api-ignores-term': { act: evictByApi },
  'evicted-api-failjob-exit0': { act: evictByApi },
  'evicted-api-failjob-policy': { act: evictByApi },
  // The real controller waits ten seconds before the second pod; the first is gone by then.
  'evicted-api-backoff-restarts': { own: { timing: { jobBackoffMs: 3_500 } }, act: evictByApi },
  'evicted-emptydir-limit': { act: evictByKubelet('evicted-emptydir-limit') },
  'evicted-ephemeral-limit': { command: quiet, act: evictByKubelet('evicted-ephemeral-limit') },
  preempted: { act: preempt },
  'preempted-exit0': {
    own: {},
    before: (scene) => hog(scene, '1'),
    act: async (scene) => {
      await scene.until((pod) => pod.status?.conditions?.[0]?.reason === 'Unschedulable')
      await scene.client.send('DELETE', podPath(scene, 'hog'), { gracePeriodSeconds: 0 })
      await preempt(scene)
    },
  },
  'oom-main': { command: quiet, act: oom(137) },
  'oom-node-heap': { command: quiet, act: oom(137) },
  'oom-child-exit-0': { command: quiet, act: oom(0) },
  'oom-child-exit-1': { command: quiet, act: oom(1) },
  'node-not-ready': { own: { timing: { tolerationCapMs: Number.POSITIVE_INFINITY } }, act: loseNode },
  'node-lost': { own: {}, act: loseNode },
  'node-lost-failjob': { own: {}, act: loseNode },
  'node-deleted': {
    own: {},
    act: async (scene) => {
      await up(scene)
      await scene.kube.faults.inject({ kind: 'node-deleted' })
    },
  },
  ttl: asBefore,
  'ttl-zero': asBefore,
}

/** Recordings that cannot be replayed, and why. */
export const notReplayed: Readonly<Record<string, string>> = {
  'limitrange-refused': 'LimitRange is not supported',
  'pod-security-refused': 'Pod Security admission is not supported',
  'readonly-root': 'a local process has no root file system of its own',
}

/** Recordings other than runs of a Job; api.test.ts and the log tests use them. */
export const otherRecordings = ['http-errors', 'log-responses', 'log-semantics', 'watch-410', 'watch-bookmarks']
