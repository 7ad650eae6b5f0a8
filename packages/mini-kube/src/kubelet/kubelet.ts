import { ApiError, badRequest } from '../api-error.ts'
import { background } from '../cluster-core.ts'
import { pod as podResource } from '../kinds/pod.ts'
import type { StoreEvent } from '../store/object-store.ts'
import { wholeSeconds } from '../names.ts'
import type { Pod } from '../types.ts'
import { whyRefused } from './admit-pod.ts'
import { readLog, type LogOptions } from './log-reader.ts'
import type { NodeContext } from './node-context.ts'
import { PodWorker } from './pod-worker.ts'

/** The node agent: one worker per pod bound to it. */
export class Kubelet {
  readonly #node: NodeContext
  readonly #workers = new Map<string, PodWorker>()
  readonly #unsubscribe: () => void

  constructor(node: NodeContext) {
    this.#node = node
    this.#unsubscribe = node.cluster.store.subscribe(podResource.id, (event) => this.#onEvent(event))
  }

  get workers(): PodWorker[] {
    return [...this.#workers.values()]
  }

  worker(uid: string): PodWorker | undefined {
    return this.#workers.get(uid)
  }

  #onEvent(event: StoreEvent): void {
    if (!this.#node.isUp()) return
    this.#see(event.object as Pod, event.type === 'DELETED')
  }

  /** Checks every pod again, as after a restart of the kubelet. */
  resync(): void {
    const { cluster } = this.#node
    const stored = new Map(cluster.objects.list<Pod>(podResource).map((pod) => [pod.metadata.uid, pod]))
    for (const [uid, worker] of this.#workers) {
      const pod = stored.get(uid)
      if (pod === undefined) this.#see(worker.pod, true)
      else {
        this.#see(pod, false)
        worker.publish()
        if (worker.finished && pod.metadata.deletionTimestamp !== undefined) worker.finishDeletion()
      }
    }
    for (const pod of stored.values()) this.#see(pod, false)
  }

  #see(pod: Pod, gone: boolean): void {
    const { cluster } = this.#node
    if (pod.spec.nodeName !== cluster.nodeName) return
    const { uid } = pod.metadata
    const worker = this.#workers.get(uid)
    if (gone) {
      if (worker === undefined) return
      worker.removed()
      const forget = async () => {
        await worker.done
        await Promise.all(worker.containers.map((one) => (one.log === undefined ? undefined : one.noticed.promise)))
        this.#workers.delete(uid)
        await worker.cleanUp()
      }
      background(cluster, `clean up of pod ${pod.metadata.name}`, forget)
    } else if (worker !== undefined) worker.update(pod)
    else if (
      pod.metadata.deletionTimestamp === undefined &&
      !['Succeeded', 'Failed'].includes(pod.status.phase ?? '')
    ) {
      if (this.#refuse(pod)) return
      const made = new PodWorker(this.#node, pod)
      this.#workers.set(uid, made)
      background(cluster, `pod ${pod.metadata.namespace}/${pod.metadata.name}`, async () => {
        // The watch delivers after the write that caused it has returned.
        await Promise.resolve()
        await made.run()
      })
    }
  }

  /** Ends a pod that does not fit before anything of it is started. */
  #refuse(pod: Pod): boolean {
    const { cluster } = this.#node
    const why = whyRefused(cluster, pod)
    if (why === undefined) return false
    const { reason, message } = why
    const now = wholeSeconds(cluster.clock.wallTime())
    const status: Pod['status'] = {
      observedGeneration: pod.metadata.generation ?? 1,
      phase: 'Failed',
      message: `Pod was rejected: ${message}`,
      reason,
      startTime: now,
      ...(pod.status.qosClass === undefined ? {} : { qosClass: pod.status.qosClass }),
    }
    cluster.events.record({ about: pod, type: 'Warning', reason, message, component: 'kubelet' })
    // The watch delivers after the write that caused it has returned.
    background(cluster, `refusal of pod ${pod.metadata.namespace}/${pod.metadata.name}`, async () => {
      await Promise.resolve()
      cluster.objects.mutate<Pod>(
        podResource,
        pod.metadata.namespace,
        pod.metadata.name,
        (current) => (current.metadata.uid === pod.metadata.uid ? { ...current, status } : undefined),
        'status',
      )
    })
    return true
  }

  /** Opens a container's log; throws the kubelet's error if there is none. */
  openLog(
    pod: Pod,
    container: string,
    options: LogOptions & { previous: boolean },
    signal: AbortSignal,
  ): AsyncIterable<Buffer> {
    const { path, live, noticeEnd } = this.#logSource(pod, container, options.previous)
    if (path === undefined) return empty()
    return readLog({ path, live, noticeEnd }, options, signal)
  }

  #logSource(pod: Pod, name: string, previous: boolean) {
    const where = `container "${name}" in pod "${pod.metadata.name}"`
    const statuses = [...(pod.status.initContainerStatuses ?? []), ...(pod.status.containerStatuses ?? [])]
    const status = statuses.find((one) => one.name === name)
    if (status === undefined) throw badRequest(`${where} is not available`)
    const worker = this.#workers.get(pod.metadata.uid)
    const lifecycle = worker?.container(name)
    const { state, lastState } = status
    const noticeEnd = () => lifecycle?.noticed.promise ?? Promise.resolve()
    if (previous) {
      if (lastState.terminated === undefined) {
        throw badRequest(`previous terminated ${where} not found`)
      }
      return { path: lifecycle?.previousLog, live: undefined, noticeEnd }
    }
    if (state.running !== undefined || state.terminated !== undefined || lastState.terminated !== undefined) {
      const log = lifecycle?.log
      if (log === undefined) {
        const id = status.containerID ?? ''
        throw new RuntimeText(`unable to retrieve container logs for ${id}`)
      }
      return { path: log.path, live: log.ended ? undefined : log, noticeEnd }
    }
    throw badRequest(`${where} is waiting to start${waitingText(state.waiting?.reason)}`)
  }

  /** Ends every container at once and waits for them. */
  async close(): Promise<void> {
    this.#unsubscribe()
    for (const worker of this.#workers.values()) {
      for (const one of worker.containers) one.kill('SIGKILL')
      worker.removed()
    }
    await Promise.allSettled([...this.#workers.values()].map((worker) => worker.done))
  }
}

/** An error of the runtime that is sent with status 200, as the body. */
export class RuntimeText extends Error {}

async function* empty(): AsyncGenerator<Buffer, void> {
  yield* []
}

function waitingText(reason: string | undefined): string {
  if (reason === undefined) return ' - no logs yet'
  if (reason === 'ErrImagePull') return ": image can't be pulled"
  if (reason === 'ImagePullBackOff') return ': trying and failing to pull image'
  return `: ${reason}`
}

export const kubeletRefused = (path: string, address: string) =>
  new ApiError(
    500,
    undefined,
    `Get "https://${address}:10250${path}": dial tcp ${address}:10250: connect: connection refused`,
  )
