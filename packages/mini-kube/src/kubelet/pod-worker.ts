import { mkdirSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import { background, pause } from '../cluster-core.ts'
import { serviceAccount } from '../kinds/core.ts'
import { pod as podResource } from '../kinds/pod.ts'
import { sameJson } from '../kinds/resource-definition.ts'
import { wholeSeconds } from '../names.ts'
import type { Pod } from '../types.ts'
import { allocatableOf } from './admit-pod.ts'
import { type ContainerHost, ContainerLifecycle } from './container-lifecycle.ts'
import type { ContainerExit } from './container-runtime.ts'
import type { NodeContext } from './node-context.ts'
import { podStatus, type ContainerRecord, type PodFacts } from './pod-status.ts'
import { MountError, setUpVolume } from './volumes.ts'

type Ending = { kind: 'deleted' } | { kind: 'deadline' } | { kind: 'evicted'; message: string }

const deadlineMessage = 'Pod was active on the node longer than the specified deadline'

/** The kubelet's worker for one pod: sets it up, runs its containers, reports, takes it down. */
export class PodWorker implements ContainerHost {
  readonly node: NodeContext
  readonly podDir: string
  readonly logDir: string
  readonly folders = new Map<string, string>()
  readonly containers: ContainerLifecycle[]
  pod: Pod
  hasAddress = false
  readonly #startedAtMs: number
  #facts: PodFacts
  #ending: Ending | undefined
  readonly #stop = new AbortController()
  readonly #healed = { wake: (): void => undefined }
  #done = Promise.withResolvers<void>()

  constructor(node: NodeContext, pod: Pod) {
    this.node = node
    this.pod = pod
    const { dataDir } = node.cluster
    this.podDir = join(dataDir, 'pods', pod.metadata.uid)
    this.logDir = join(dataDir, 'podlogs', `${pod.metadata.namespace}_${pod.metadata.name}_${pod.metadata.uid}`)
    this.#startedAtMs = node.cluster.clock.now()
    const inits = pod.spec.initContainers ?? []
    const waiting = inits.length > 0 ? 'PodInitializing' : 'ContainerCreating'
    const record = (spec: Pod['spec']['containers'][number], role: ContainerRecord['role']): ContainerRecord => ({
      spec,
      role,
      state: { waiting: { reason: waiting } },
      lastState: {},
      restartCount: 0,
      started: true,
      ready: true,
      id: undefined,
      imageID: '',
    })
    const records = [
      ...inits.map((spec) => record(spec, spec.restartPolicy === 'Always' ? 'sidecar' : 'init')),
      ...pod.spec.containers.map((spec) => record(spec, 'main')),
    ]
    this.containers = records.map((one) => new ContainerLifecycle(this, one))
    this.#facts = {
      pod,
      records,
      sandboxReady: false,
      hasAddress: false,
      finished: false,
      reason: undefined,
      message: undefined,
      hostIP: node.hostIP,
      podIP: node.hostIP,
      startTime: wholeSeconds(node.cluster.clock.wallTime()),
    }
  }

  get stopping(): boolean {
    return this.#stop.signal.aborted
  }

  /** Resolves when the worker has nothing left to do. */
  get done(): Promise<void> {
    return this.#done.promise
  }

  container(name: string): ContainerLifecycle | undefined {
    return this.containers.find((one) => one.record.spec.name === name)
  }

  event(type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void {
    if (!this.node.isUp()) return
    this.node.cluster.events.record({
      about: this.pod,
      type,
      reason,
      message,
      component: 'kubelet',
      ...(fieldPath === undefined ? {} : { fieldPath }),
    })
  }

  /** Writes the status when it differs from what is stored. */
  publish(): void {
    const { cluster, isUp } = this.node
    if (!isUp() || cluster.signal.aborted) return
    const current = cluster.objects.get<Pod>(podResource, this.pod.metadata.namespace, this.pod.metadata.name)
    if (current === undefined || current.metadata.uid !== this.pod.metadata.uid) return
    this.pod = current
    this.#facts = { ...this.#facts, pod: current, hasAddress: this.hasAddress }
    const status = podStatus(this.#facts, cluster.clock.wallTime())
    if (!sameJson(status, current.status)) {
      this.pod = cluster.objects.update(podResource, { ...current, status }, { part: 'status' }) as Pod
    }
  }

  /** While a pod is stopping, its containers' exits are reported once, with the last status. */
  publishUnlessStopping(): void {
    if (!this.stopping) this.publish()
  }

  /** Waits, but not beyond the request to stop. */
  async pause(ms: number): Promise<void> {
    if (ms <= 0 || this.stopping) return
    try {
      await this.node.cluster.clock.sleep(ms, AbortSignal.any([this.#stop.signal, this.node.cluster.signal]))
    } catch (error) {
      if (!this.stopping && !this.node.cluster.signal.aborted) throw error
    }
  }

  pauseUnlessHealed(ms: number): Promise<void> {
    return this.pause(ms)
  }

  /** Lets a follower end a moment after the container did. */
  afterLogEnd(notice: () => void): void {
    const { cluster } = this.node
    if (cluster.timing.logEndMs <= 0) {
      notice()
      return
    }
    cluster.clock.sleep(cluster.timing.logEndMs, cluster.signal).then(notice, notice)
  }

  /** Runs the pod to its end; never rejects for what a pod can do. */
  async run(): Promise<void> {
    const { cluster } = this.node
    try {
      this.publish()
      const deadline = this.#watchDeadline()
      await this.#runContainers()
      await this.#end()
      await deadline
    } finally {
      cluster.signal.removeEventListener('abort', this.#healed.wake)
      this.#done.resolve()
    }
  }

  async #runContainers(): Promise<void> {
    mkdirSync(this.podDir, { recursive: true })
    await this.#mount()
    const { timing } = this.node.cluster
    const hasVolumes = (this.pod.spec.volumes ?? []).length > 0
    await this.pause(timing.startMs + (hasVolumes ? timing.mountMs : 0))
    if (this.stopping) return
    this.#facts.sandboxReady = true
    this.publish()
    const sidecars: Promise<void>[] = []
    for (const one of this.containers) {
      const { role, state } = one.record
      if (this.stopping) break
      if (role === 'sidecar') {
        const up = Promise.withResolvers<void>()
        sidecars.push(one.run(up.resolve).then(up.resolve))
        await up.promise
      } else if (role === 'init') {
        await one.run()
        if (one.record.state.terminated?.exitCode !== 0) return this.#stopSidecars(sidecars)
      } else if (state.waiting?.reason === 'PodInitializing') {
        one.record.state = { waiting: { reason: 'PodInitializing' } }
      }
    }
    const mains = this.containers.filter((one) => one.record.role === 'main')
    if (!this.stopping) await Promise.all(mains.map((one) => one.run()))
    await this.#stopSidecars(sidecars)
  }

  /** Stops native sidecars when the main containers have ended. */
  async #stopSidecars(sidecars: Promise<void>[]): Promise<void> {
    if (sidecars.length === 0) return
    const grace = this.pod.metadata.deletionGracePeriodSeconds ?? this.pod.spec.terminationGracePeriodSeconds ?? 30
    const own = this.containers.filter((one) => one.record.role === 'sidecar')
    if (!this.stopping) {
      this.publish()
      for (const one of own) one.announceKill()
    }
    this.#stop.abort(new Error('the pod has ended'))
    this.#signalAll(own, grace)
    await Promise.all(sidecars)
  }

  async #mount(): Promise<void> {
    const { node } = this
    const { cluster } = node
    while (!this.stopping) {
      try {
        for (const volume of this.pod.spec.volumes ?? []) {
          const problem = node.faults.mountProblem(this.pod, volume.name)
          if (problem !== undefined) throw new MountError(volume.name, problem)
          this.folders.set(
            volume.name,
            setUpVolume(
              {
                objects: cluster.objects,
                pod: this.pod,
                podDir: this.podDir,
                hostIP: node.hostIP,
                claimDir: node.claimDir,
                allocatable: allocatableOf(cluster),
                token: (seconds) => this.#token(seconds),
              },
              volume,
            ),
          )
        }
        return
      } catch (error) {
        if (!(error instanceof MountError)) throw error
        this.event('Warning', 'FailedMount', error.message)
        await this.pauseUnlessHealed(cluster.timing.mountRetryMs)
      }
    }
  }

  #token(seconds: number): string {
    const { cluster, tokens } = this.node
    const { namespace = 'default', name, uid } = this.pod.metadata
    const account = this.pod.spec.serviceAccountName ?? 'default'
    const found = cluster.objects.get(serviceAccount, namespace, account)
    return tokens.issue({ namespace, name: account, uid: found?.metadata.uid ?? '' }, seconds, { name, uid }).token
  }

  async #watchDeadline(): Promise<void> {
    const { activeDeadlineSeconds } = this.pod.spec
    if (activeDeadlineSeconds === undefined) return
    const elapsedMs = this.node.cluster.clock.now() - this.#startedAtMs
    await this.pause(activeDeadlineSeconds * 1_000 - elapsedMs)
    if (!this.stopping && !this.#facts.finished && !this.node.cluster.signal.aborted)
      this.#stopFor({ kind: 'deadline' })
  }

  /** The newest object from the API server. */
  update(pod: Pod): void {
    const before = this.pod
    this.pod = pod
    const grace = pod.metadata.deletionGracePeriodSeconds
    if (pod.spec.activeDeadlineSeconds !== before.spec.activeDeadlineSeconds) {
      // It can only be set or shortened, so an earlier watch of it that still sleeps comes too late to matter.
      background(this.node.cluster, `deadline of pod ${pod.metadata.name}`, () => this.#watchDeadline())
    }
    if (pod.metadata.deletionTimestamp === undefined) return
    if (before.metadata.deletionTimestamp === undefined) {
      this.#facts.pod = pod
      if (!this.#facts.finished) this.publish()
      // A pod that is already stopping continues with the shorter grace period of its deletion.
      if (this.stopping && grace !== undefined) this.#signalAll(this.containers, grace)
      this.#stopFor({ kind: 'deleted' })
    } else if (grace !== undefined && grace < (before.metadata.deletionGracePeriodSeconds ?? grace)) {
      this.#signalAll(this.containers, grace)
    }
  }

  /** The object was force-deleted: the containers get their grace period, then everything is removed. */
  removed(): void {
    this.#stopFor({ kind: 'deleted' })
  }

  /** The kubelet evicts the pod: its log is removed, its object stays. */
  evict(message: string): void {
    this.#stopFor({ kind: 'evicted', message })
  }

  #stopFor(ending: Ending): void {
    this.#ending ??= ending
    if (ending.kind === 'deleted') this.#ending = this.#ending.kind === 'deleted' ? ending : this.#ending
    if (this.stopping) return
    if (ending.kind === 'deadline') {
      this.#facts.reason = 'DeadlineExceeded'
      this.#facts.message = deadlineMessage
      this.event('Normal', 'DeadlineExceeded', deadlineMessage)
      this.publish()
    } else if (ending.kind === 'evicted') {
      this.#facts.reason = 'Evicted'
      this.#facts.message = ending.message
      this.event('Warning', 'Evicted', ending.message)
    }
    const { deletionGracePeriodSeconds, deletionTimestamp } = this.pod.metadata
    const own = this.pod.spec.terminationGracePeriodSeconds ?? 30
    const grace =
      ending.kind === 'evicted' ? 0 : deletionTimestamp === undefined ? own : (deletionGracePeriodSeconds ?? own)
    this.#stop.abort(new Error(`the pod is ${ending.kind}`))
    const alive = this.containers.filter((one) => one.running)
    for (const one of alive) one.announceKill()
    this.#signalAll(
      alive.filter((one) => one.record.role !== 'sidecar' || alive.every((other) => other.record.role === 'sidecar')),
      grace,
    )
  }

  /** SIGTERM now, SIGKILL when the grace period ends. */
  #signalAll(containers: ContainerLifecycle[], graceSeconds: number): void {
    const { cluster } = this.node
    const graceMs = Math.max(graceSeconds * 1_000, cluster.timing.minimumGraceMs)
    if (graceMs <= 0) {
      for (const one of containers) one.kill('SIGKILL')
      return
    }
    for (const one of containers) background(cluster, 'end of a container', () => one.askToEnd(graceMs))
    // A container that was restarted since then did not get this signal.
    const runs = new Map(containers.map((one) => [one, one.current]))
    const killRest = () => {
      for (const [one, run] of runs)
        if (run !== undefined && one.current === run) one.kill('SIGKILL', { exitCode: 137 })
    }
    cluster.clock.sleep(graceMs, cluster.signal).then(killRest, killRest)
  }

  /** Ends one container of a pod that continues, or whose other containers do. */
  endContainer(container: ContainerLifecycle, graceSeconds: number | undefined): void {
    this.#signalAll([container], graceSeconds ?? this.pod.spec.terminationGracePeriodSeconds ?? 30)
  }

  /** Injects an exit: the process is killed, the status shows the exit of the fault. */
  injectExit(name: string | undefined, exit: ContainerExit): void {
    const targets = name === undefined ? this.containers.filter((one) => one.running) : [this.container(name)]
    for (const one of targets) one?.kill('SIGKILL', exit)
  }

  async #end(): Promise<void> {
    const { cluster } = this.node
    const ending = this.#ending
    if (ending === undefined && !this.stopping) {
      await pauseTeardown(this)
    }
    if (cluster.signal.aborted) return
    this.#facts.finished = true
    this.#facts.sandboxReady = false
    if (this.#ending?.kind === 'evicted') for (const one of this.containers) one.log?.remove()
    this.publish()
    if (this.pod.metadata.deletionTimestamp === undefined && this.#ending?.kind !== 'deleted') return
    await pause(cluster, cluster.timing.removeMs)
    this.finishDeletion()
  }

  /** The last step for a deleted pod: removes the object, then its files. */
  finishDeletion(): void {
    const { cluster, isUp } = this.node
    if (!isUp()) return
    const { namespace, name, uid } = this.pod.metadata
    const current = cluster.objects.get<Pod>(podResource, namespace, name)
    if (current?.metadata.uid === uid && current.metadata.deletionTimestamp !== undefined) {
      cluster.objects.delete(podResource, namespace, name, { gracePeriodSeconds: 0, preconditions: { uid } })
    }
  }

  get finished(): boolean {
    return this.#facts.finished
  }

  /** Removes what the pod left on disk. */
  async cleanUp(): Promise<void> {
    await rm(this.podDir, { recursive: true, force: true })
    await rm(this.logDir, { recursive: true, force: true })
  }
}

async function pauseTeardown(worker: PodWorker): Promise<void> {
  await worker.pause(worker.node.cluster.timing.teardownMs)
}
