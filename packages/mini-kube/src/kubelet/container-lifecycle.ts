import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { background, pause } from '../cluster-core.ts'
import { randomHex, wholeSeconds } from '../names.ts'
import type { ContainerState, Hook, Pod } from '../types.ts'
import { planContainer, type PreparedContainer } from './container-plan.ts'
import { type ContainerExit, type RunningContainer, StartError, startFunction } from './container-runtime.ts'
import { ConfigError } from './environment.ts'
import { runAction } from './hook-action.ts'
import { isProblem, pullImage, type ImageOptions, type ImageProblem } from './images.ts'
import { LogFile } from './log-file.ts'
import type { NodeContext } from './node-context.ts'
import type { ContainerRecord } from './pod-status.ts'
import { runProbes, type ProbeKind } from './probes.ts'
import { startProcess } from './process-runner.ts'

/** What a container needs of the pod that it belongs to. */
export interface ContainerHost {
  readonly node: NodeContext
  readonly pod: Pod
  readonly podDir: string
  readonly logDir: string
  /** Folders of the pod's volumes, by name. */
  readonly folders: Map<string, string>
  /** Whether the pod is being taken down. */
  readonly stopping: boolean
  hasAddress: boolean
  event(type: 'Normal' | 'Warning', reason: string, message: string, fieldPath?: string): void
  publish(): void
  publishUnlessStopping(): void
  pause(ms: number): Promise<void>
  pauseUnlessHealed(ms: number): Promise<void>
  /** Ends a container, which its policy may then restart. */
  endContainer(container: ContainerLifecycle, graceSeconds: number | undefined): void
  afterLogEnd(notice: () => void): void
}

/** One container of a pod, from its image to its last exit. */
export class ContainerLifecycle {
  readonly record: ContainerRecord
  readonly #host: ContainerHost
  log: LogFile | undefined
  /** The log of the run before this one, for previous=true. */
  previousLog: string | undefined
  #running: RunningContainer | undefined
  #plan: PreparedContainer | undefined
  #forced: Partial<ContainerExit> = {}
  /** Resolves when the kubelet has seen the container's last exit. */
  noticed = Promise.withResolvers<void>()

  constructor(host: ContainerHost, record: ContainerRecord) {
    this.#host = host
    this.record = record
  }

  get running(): boolean {
    return this.#running !== undefined
  }

  /** The current run, to tell it from the next one. */
  get current(): RunningContainer | undefined {
    return this.#running
  }

  get pid(): number | undefined {
    return this.#running?.pid
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string): void {
    const { record } = this
    const field = record.role === 'main' ? 'containers' : 'initContainers'
    this.#host.event(type, reason, message, `spec.${field}{${record.spec.name}}`)
  }

  /** Sends a signal; an injected exit overrides that of the process. */
  kill(signal: 'SIGTERM' | 'SIGKILL', forced: Partial<ContainerExit> = {}): void {
    Object.assign(this.#forced, forced)
    this.#running?.kill(signal)
  }

  /** Where its probes and hooks act. */
  #place(signal: AbortSignal) {
    const { cluster, hostIP } = this.#host.node
    const plan = this.#plan
    if (plan === undefined) throw new Error(`container ${this.record.spec.name} has not been prepared`)
    const either = AbortSignal.any([signal, cluster.signal])
    return { container: this.record.spec, plan, rewrite: plan.rewrite, podIP: hostIP, signal: either }
  }

  /** Runs the probes of the container while it runs; the function returned ends them. */
  #watchOver(onRunning: (() => void) | undefined): () => void {
    const { record } = this
    const { cluster } = this.#host.node
    const { startupProbe, readinessProbe, livenessProbe } = record.spec
    const over = new AbortController()
    if (startupProbe === undefined) onRunning?.()
    const probes = { Startup: startupProbe, Readiness: readinessProbe, Liveness: livenessProbe }
    const given = Object.fromEntries(Object.entries(probes).filter(([, probe]) => probe !== undefined))
    if (Object.keys(given).length === 0) return () => undefined
    background(cluster, `probes of ${record.spec.name}`, () =>
      runProbes({
        probes: given,
        place: this.#place(over.signal),
        clock: cluster.clock,
        onFailure: (kind, output) => this.#event('Warning', 'Unhealthy', `${kind} probe failed: ${output}`),
        onResult: (kind, ok) => {
          if (kind === 'Startup' && ok) onRunning?.()
          this.#probed(kind, ok, probes[kind]?.terminationGracePeriodSeconds)
        },
      }),
    )
    return () => over.abort(new Error('the container has ended'))
  }

  #probed(kind: ProbeKind, ok: boolean, graceSeconds: number | undefined): void {
    const { record } = this
    if (kind === 'Readiness') record.ready = ok
    else if (kind === 'Startup' && ok) record.started = true
    if (kind !== 'Readiness' && !ok && !this.#host.stopping) {
      const { name } = record.spec
      const what = record.role === 'main' ? 'Container' : 'Init container'
      // If nothing is restarted, the pod itself is ended, which has its own message.
      const message = this.#restarts(137)
        ? `${what} ${name} failed ${kind.toLowerCase()} probe, will be restarted`
        : `Stopping container ${name}`
      this.#event('Normal', 'Killing', message)
      this.#host.endContainer(this, graceSeconds)
    } else this.#host.publishUnlessStopping()
  }

  async #postStart(hook: Hook): Promise<void> {
    const over = new AbortController()
    const gone = this.#running?.exited.then(() => over.abort(new Error('the container has ended')))
    const ok = await this.#runHook(hook, over.signal)
    if (!ok && this.#running !== undefined) {
      this.#event('Warning', 'FailedPostStartHook', 'PostStartHook failed')
      this.#event('Normal', 'Killing', 'FailedPostStartHook')
      this.#host.endContainer(this, undefined)
      await gone
    }
  }

  async #runHook(hook: Hook, signal: AbortSignal): Promise<boolean> {
    if (hook.sleep !== undefined) {
      await this.#host.node.cluster.clock.sleep(hook.sleep.seconds * 1_000, signal).catch((error: unknown) => {
        if (!signal.aborted) throw error
      })
      return true
    }
    return (await runAction(hook, { ...this.#place(signal), timeoutMs: 2_147_483_647 })).ok
  }

  /** Runs the preStop hook, then sends SIGTERM; the caller sends SIGKILL when the time is up. */
  async askToEnd(graceMs: number): Promise<void> {
    const hook = this.record.spec.lifecycle?.preStop
    if (hook !== undefined && this.running && graceMs > 0) {
      const limit = new AbortController()
      const { cluster } = this.#host.node
      const cut = (): void => limit.abort(new Error('the hook timed out'))
      void this.#running?.exited.then(cut)
      const time = cluster.clock
        .sleep(graceMs, AbortSignal.any([limit.signal, cluster.signal]))
        .then(cut, (error: unknown) => {
          if (!limit.signal.aborted && !cluster.signal.aborted) throw error
        })
      const ok = await this.#runHook(hook, limit.signal)
      limit.abort(new Error('the hook is done'))
      await time
      if (!ok) this.#event('Warning', 'FailedPreStopHook', 'PreStopHook failed')
    }
    this.kill('SIGTERM')
  }

  announceKill(): void {
    if (this.running) this.#event('Normal', 'Killing', `Stopping container ${this.record.spec.name}`)
  }

  /** Runs the container until it has ended and does not restart, or the pod is stopping. */
  async run(onRunning?: () => void): Promise<void> {
    const { cluster } = this.#host.node
    const { timing } = cluster
    let backoff = timing.restartBackoffMs
    while (!this.#host.stopping) {
      const started = await this.#start()
      if (started) {
        const ended = this.#watchOver(onRunning)
        const startedAt = cluster.clock.now()
        await this.#untilExit()
        ended()
        if (cluster.clock.now() - startedAt > 600_000) backoff = timing.restartBackoffMs
      }
      const { terminated } = this.record.state
      if (this.#host.stopping || terminated === undefined || !this.#restarts(terminated.exitCode)) return
      await this.#waitToRestart(backoff)
      backoff = Math.min(backoff * 2, timing.restartBackoffCapMs)
    }
  }

  #restarts(exitCode: number): boolean {
    const policy = this.#host.pod.spec.restartPolicy
    if (this.record.role === 'sidecar') return true
    if (this.record.role === 'init') return exitCode !== 0 && policy !== 'Never'
    return policy === 'Always' || (policy === 'OnFailure' && exitCode !== 0)
  }

  async #waitToRestart(backoff: number): Promise<void> {
    const { record } = this
    const { name } = record.spec
    const { pod } = this.#host
    record.lastState = record.state
    const seconds = Math.max(1, Math.round(backoff / 1_000))
    const about = `${name} pod=${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`
    this.#wait({ reason: 'CrashLoopBackOff', message: `back-off ${seconds}s restarting failed container=${about}` })
    this.#event(
      'Warning',
      'BackOff',
      `Back-off restarting failed container ${name} in pod ${pod.metadata.name}_${pod.metadata.namespace}(${pod.metadata.uid})`,
    )
    await this.#host.pause(backoff)
    record.restartCount += 1
  }

  #wait(waiting: { reason: string; message?: string }): void {
    this.record.state = { waiting }
    this.#host.publish()
  }

  /** Starts the container; false if it never ran. Waits, as the kubelet does, for errors that may resolve. */
  async #start(): Promise<boolean> {
    const { node } = this.#host
    const { timing } = node.cluster
    while (!this.#host.stopping) {
      const image = await this.#image()
      if (image === undefined) return false
      try {
        return await this.#launch(image)
      } catch (error) {
        if (!(error instanceof ConfigError)) throw error
        this.#host.hasAddress = true
        this.#event('Warning', 'Failed', `Error: ${error.message}`)
        this.#wait({ reason: error.reason, message: error.message })
        await this.#host.pauseUnlessHealed(timing.configRetryMs)
      }
    }
    return false
  }

  async #image(): Promise<ImageOptions | undefined> {
    const { node } = this.#host
    const { spec } = this.record
    const name = spec.image ?? ''
    while (!this.#host.stopping) {
      const found = this.#pull(name)
      if (!isProblem(found)) {
        this.#event(
          'Normal',
          'Pulled',
          `Container image "${name}" already present on machine and can be accessed by the pod`,
        )
        return found
      }
      this.#host.hasAddress = true
      await this.#imageTrouble(name, found)
      await this.#host.pauseUnlessHealed(node.cluster.timing.imageRetryMs)
    }
    return undefined
  }

  #pull(name: string): ImageOptions | ImageProblem {
    const { node } = this.#host
    const problem = node.faults.imageProblem(name)
    if (problem !== undefined) return { reason: 'ErrImagePull', message: problem }
    return pullImage(node.images, name, this.record.spec.imagePullPolicy)
  }

  async #imageTrouble(name: string, { reason, message }: ImageProblem): Promise<void> {
    if (reason !== 'ErrImagePull') {
      this.#event('Warning', reason === 'InvalidImageName' ? 'InspectFailed' : reason, message)
      this.#event('Warning', 'Failed', `Error: ${reason}`)
      this.#wait({ reason, message })
      return
    }
    const { imageRetryMs } = this.#host.node.cluster.timing
    this.#event('Normal', 'Pulling', `Pulling image "${name}"`)
    this.#event('Warning', 'Failed', `Failed to pull image "${name}": ${message}`)
    this.#event('Warning', 'Failed', 'Error: ErrImagePull')
    this.#wait({ reason: 'ErrImagePull', message })
    await this.#host.pauseUnlessHealed(imageRetryMs)
    if (this.#host.stopping || !isProblem(this.#pull(name))) return
    this.#event('Normal', 'BackOff', `Back-off pulling image "${name}"`)
    this.#event('Warning', 'Failed', 'Error: ImagePullBackOff')
    this.#wait({ reason: 'ImagePullBackOff', message: `Back-off pulling image "${name}": ErrImagePull: ${message}` })
  }

  async #launch(image: ImageOptions): Promise<boolean> {
    const { node, pod, podDir, folders } = this.#host
    const { cluster } = node
    const { record } = this
    const id = randomHex(cluster.random, 64)
    const prepared = this.#prepare(() =>
      planContainer({ node, pod, container: record.spec, image, id, podDir, folders }),
    )
    this.#event('Normal', 'Created', 'Container created')
    record.id = id
    record.imageID = `sha256:${Buffer.from(record.spec.image ?? '')
      .toString('hex')
      .padEnd(64, '0')
      .slice(0, 64)}`
    this.#host.hasAddress = true
    this.previousLog = this.log?.path
    const log = new LogFile(
      join(this.#host.logDir, record.spec.name, `${record.restartCount}.log`),
      () => cluster.clock.wallTime(),
      {
        rotateBytes: node.rotateBytes,
      },
    )
    this.log = log
    this.noticed = Promise.withResolvers<void>()
    this.#forced = {}
    try {
      const sink = (stream: 'stdout' | 'stderr', chunk: Buffer) => log.write(stream, chunk)
      const plan = prepared()
      this.#plan = plan
      this.#running =
        image.run === undefined ? await startProcess(plan, sink, node.processes) : startFunction(image.run, plan, sink)
    } catch (error) {
      log.end()
      this.noticed.resolve()
      if (!(error instanceof StartError)) throw error
      this.#event('Warning', 'Failed', `Error: ${error.message}`)
      this.#terminated({
        exitCode: 128,
        reason: error.reason,
        message: error.message,
        startedAt: '1970-01-01T00:00:00Z',
      })
      this.#host.publish()
      return false
    }
    this.#event('Normal', 'Started', 'Container started')
    const { startupProbe, readinessProbe, lifecycle } = record.spec
    record.started = startupProbe === undefined
    record.ready = readinessProbe === undefined
    if (lifecycle?.postStart !== undefined) await this.#postStart(lifecycle.postStart)
    record.state = { running: { startedAt: wholeSeconds(cluster.clock.wallTime()) } }
    this.#host.publish()
    return true
  }

  /** Config errors are thrown at once; errors of the runtime when the container is started. */
  #prepare<T>(plan: () => T): () => T {
    try {
      const value = plan()
      return () => value
    } catch (error) {
      if (!(error instanceof StartError)) throw error
      return () => {
        throw error
      }
    }
  }

  #terminated(end: { exitCode: number; reason: string; message?: string; startedAt: string }): void {
    const { record } = this
    const { clock } = this.#host.node.cluster
    const terminated: ContainerState['terminated'] = {
      exitCode: end.exitCode,
      reason: end.reason,
      ...(end.message === undefined ? {} : { message: end.message }),
      startedAt: end.startedAt,
      finishedAt: wholeSeconds(clock.wallTime()),
      containerID: `containerd://${record.id}`,
    }
    record.state = { terminated }
  }

  async #untilExit(): Promise<void> {
    const running = this.#running
    if (running === undefined) return
    const { cluster } = this.#host.node
    const startedAt = this.record.state.running?.startedAt ?? wholeSeconds(cluster.clock.wallTime())
    const natural = await running.exited
    this.#running = undefined
    this.log?.end()
    const { noticed } = this
    this.#host.afterLogEnd(() => noticed.resolve())
    const exit = { ...natural, ...this.#forced }
    // The kubelet checks its containers periodically; when it stops one, it waits for it instead.
    if (!this.#host.stopping) await pause(cluster, cluster.timing.containerLookMs * cluster.random())
    const reason = exit.reason ?? (exit.exitCode === 0 ? 'Completed' : 'Error')
    const message = this.#message(exit.exitCode)
    this.#terminated({ exitCode: exit.exitCode, reason, startedAt, ...(message === undefined ? {} : { message }) })
    this.#host.publishUnlessStopping()
  }

  /** The termination message: the file's content, or the log's tail after a failure where that was asked for. */
  #message(exitCode: number): string | undefined {
    const { spec } = this.record
    const file = join(this.#host.podDir, `termination-${spec.name}`)
    const own = existsSync(file) ? readFileSync(file, 'utf8').slice(0, 4_096) : ''
    if (own !== '') return own
    if (spec.terminationMessagePolicy !== 'FallbackToLogsOnError' || exitCode === 0 || this.log === undefined)
      return undefined
    const text = readFileSync(this.log.path)
    const lines = text
      .subarray(Math.max(0, text.length - 16_384))
      .toString('utf8')
      .split('\n')
      .slice(0, -1)
      .slice(-80)
    const plain = lines.map((line) => line.replace(/^\S+ \S+ [PF]\S* ?/, '')).join('\n')
    return plain === '' ? undefined : `${plain}\n`.slice(-2_048)
  }
}
