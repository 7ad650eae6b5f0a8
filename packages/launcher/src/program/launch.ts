import { constants } from 'node:os'
import type { FrameFlag, StartError, StopCause } from '@agent-jobs/frames'
import { errorMessage } from '@agent-jobs/primitives'
import type { LaunchSpec } from '../launch-spec.ts'
import { checkMounts } from './check-mounts.ts'
import type { LaunchEnd } from './end-process.ts'
import { openFrameOutput } from './frame-output.ts'
import { memoryKills } from './memory-kills.ts'
import { openFiles } from './open-files.ts'
import { endGroup, signalGroup } from './process-group.ts'
import { readChunks, readSpec, writeFiles } from './read-input.ts'
import { createLineSplitter } from './split-lines.ts'
import { startCommand } from './start-command.ts'
import type { Command, Exit } from './start-command.ts'
import { StartFailure } from './start-failure.ts'
import { tailFiles } from './tail-files.ts'
import { watchLimits } from './watch-limits.ts'

const defaultGraceMs = 10_000
const defaultMaxOutputBytes = 1024 * 1024 * 1024
/** How long the last output of a command that used up its grace may take. */
const leastFlushMs = 1000
/** What the command left behind has less time to end than the command itself: its work is over. */
const leftoverGraceMs = 2000

/** Runs the command of the environment's spec from start to end. */
export async function launch(env: NodeJS.ProcessEnv): Promise<LaunchEnd> {
  const startedAt = Date.now()
  const begun = performance.now()
  const killsBefore = memoryKills()
  const out = openFrameOutput()
  const bytes = { o: 0, e: 0 }
  let spec: LaunchSpec | undefined
  let command: Command | undefined
  let limits: ReturnType<typeof watchLimits> | undefined
  let stoppedBy: StopCause | null = null
  let isOver = false
  let signalledAt: number | undefined
  let killTimer: NodeJS.Timeout | undefined
  let finishSignal = false
  let giveUp = (): void => undefined
  const gaveUp = new Promise<void>((resolve) => (giveUp = resolve))

  const graceMs = (): number => spec?.limits?.killGraceMs ?? defaultGraceMs
  const kill = (signal: NodeJS.Signals): boolean => command !== undefined && signalGroup(command.pid, signal)

  function stop(reason: StopCause, message: string, signal: NodeJS.Signals = 'SIGTERM'): void {
    if (reason === 'signal') signalledAt ??= performance.now()
    // After the command's end a signal only bounds the wait for a stdout that nobody reads.
    if (isOver && reason === 'signal') return void setTimeout(giveUp, graceMs())
    const isFirst = stoppedBy === null
    stoppedBy ??= reason
    if (command === undefined) return
    if (isFirst) out.notice(reason, message)
    if (isOver) return
    kill(signal)
    killTimer ??= setTimeout(() => {
      out.notice('killed', `The command was still there ${graceMs()} ms after ${signal}: SIGKILL to its group.`)
      kill('SIGKILL')
    }, graceMs())
  }

  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => stop('signal', `${signal} received: it is passed on to the command's group.`, signal))
  }
  process.on('SIGUSR1', () => {
    finishSignal = true
    limits?.finished('SIGUSR1')
  })
  const fail = (error: unknown): void => {
    if (isOver) throw error
    out.notice('launcher_failed', `The launcher failed and ends the command: ${errorMessage(error)}`)
    kill('SIGKILL')
  }
  process.on('uncaughtException', fail)

  async function end(exit: Exit, exitCode: number, startError?: StartError): Promise<LaunchEnd> {
    const oomKills = memoryKills() - killsBefore
    out.record({
      type: 'end',
      frames: out.count,
      exitCode: exit.code,
      signal: exit.signal,
      durationMs: Math.round(performance.now() - begun),
      stoppedBy,
      stdoutBytes: bytes.o,
      stderrBytes: bytes.e,
      ...(oomKills > 0 ? { oomKills } : {}),
      ...(startError === undefined ? {} : { startError }),
    })
    const written = await Promise.race([out.settled().then(() => true), gaveUp])
    const late = await out.close()
    if (written === true && late !== undefined) console.error(`agent-jobs launcher: ${late.text}`)
    return { exitCode, isStuck: written !== true || late?.isStuck === true }
  }

  let proxyError: unknown
  async function openProxy({ proxy }: LaunchSpec): Promise<Record<string, string>> {
    if (proxy === undefined) return {}
    try {
      // Loaded only here: most runs start without it, and earlier.
      const { startProxy } = await import('./proxy/start-proxy.ts')
      const running = await startProxy(proxy, { unreachable: (message) => out.notice('proxy_unreachable', message) })
      running.looked.catch((error: unknown) => out.notice('proxy_failed', errorMessage(error)))
      return running.env
    } catch (error) {
      proxyError = error
      return {}
    }
  }

  let files: ReturnType<typeof openFiles>
  let outputs: ReturnType<ReturnType<typeof openFiles>['output']>[]
  try {
    spec = readSpec(env)
    checkMounts(spec.mounts)
    if (spec.journal !== undefined) out.journal(spec.journal)
    const stdin = readChunks(env, 'STDIN')
    writeFiles(readChunks(env, 'FILES'))
    files = openFiles(spec.outputDirectory)
    const input = stdin === undefined ? 'ignore' : files.input(stdin)
    outputs = [files.output(), files.output()]
    const [stdout, stderr] = outputs.map(({ fd }) => fd) as [number, number]
    const proxyEnv = await openProxy(spec)
    if (stoppedBy !== null) throw new StartFailure('stopped_before_start', 'The run was stopped before its start.', 143)
    command = await startCommand({ ...spec, env: { ...spec.env, ...proxyEnv } }, [input, stdout, stderr])
    if (input !== 'ignore') files.close(input)
  } catch (error) {
    out.record({ type: 'start', version: 1, pid: null, startedAt })
    const known = error instanceof StartFailure
    const code = known ? error.code : 'launcher_failed'
    return end({ code: null, signal: null }, known ? error.exitCode : 125, { code, message: errorMessage(error) })
  }
  out.record({ type: 'start', version: 1, pid: command.pid, startedAt })
  if (proxyError !== undefined) out.notice('proxy_failed', `The proxy cannot be offered: ${errorMessage(proxyError)}`)

  const maxBytes = spec.limits?.maxOutputBytes ?? defaultMaxOutputBytes
  const streams = ['o', 'e'] as const
  const splitters = streams.map((stream) =>
    createLineSplitter((payload: Buffer, flag: FrameFlag) => {
      out.line(stream, payload, flag)
      if (stream === 'o') limits?.stdout(payload, flag)
    }),
  )
  let seen = 0
  const tail = tailFiles({
    files: outputs,
    touched: () => limits?.touched(),
    consume(index, chunk) {
      limits?.touched()
      const room = Math.max(0, maxBytes - seen)
      seen += chunk.length
      const part = chunk.subarray(0, room)
      bytes[streams[index] ?? 'o'] += part.length
      splitters[index]?.push(part)
      if (seen <= maxBytes) return
      stop('output_limit', `More than ${maxBytes} bytes of output (limits.maxOutputBytes): the rest is dropped.`)
      // The grace must not fill the disk either.
      if (seen > 2 * maxBytes) kill('SIGKILL')
    },
    ready: out.ready,
    truncated(index) {
      const name = index === 0 ? 'stdout' : 'stderr'
      out.notice(
        'output_truncated',
        `A process truncated its ${name} (\`> /dev/${name}\`?): output may be missing here.`,
      )
    },
    failed: fail,
  })
  for (const { watchError } of outputs) {
    if (watchError === undefined) continue
    out.notice('watch_unavailable', `Output is looked at every 25 ms instead of on change: ${errorMessage(watchError)}`)
  }
  limits = watchLimits({
    spec,
    unread: tail.unread,
    noted: (message) => out.notice('finished', message),
    exceeded: stop,
  })
  if (finishSignal) limits.finished('SIGUSR1')

  const exit = await command.exit
  isOver = true
  // So does one that came before: there will be no other before SIGKILL.
  if (signalledAt !== undefined) {
    setTimeout(giveUp, Math.max(leastFlushMs, graceMs() - (performance.now() - signalledAt)))
  }
  clearTimeout(killTimer)
  limits.stop()
  const leftover = await endGroup(command.pid, Math.min(leftoverGraceMs, graceMs()))
  await Promise.race([tail.finish(), gaveUp])
  for (const splitter of splitters) splitter.end()
  // When the whole group was being stopped, that some of it took a moment longer is no news.
  if (leftover.length > 0 && stoppedBy === null) {
    const names = leftover.slice(0, 20).join(', ')
    out.notice('leftover_processes', `Ended ${leftover.length} process(es) that outlived the command: ${names}`)
  }
  const signalNumber = exit.signal === null ? 0 : constants.signals[exit.signal]
  return end(exit, exit.code ?? 128 + signalNumber)
}
