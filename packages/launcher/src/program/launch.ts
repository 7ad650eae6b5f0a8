import type { EndRecord, StartError } from '@agent-jobs/frames'
import { createLatch, errorMessage, firstOf } from '@agent-jobs/primitives'
import type { LaunchSpec } from '../launch-spec.ts'
import type { LaunchEnd } from './end-process.ts'
import { type FrameOutput, openFrameOutput } from './frame-output.ts'
import { countMemoryKills } from './memory-kills.ts'
import { prepareRun, type StartedRun } from './prepare-run.ts'
import { endGroup } from './process-group.ts'
import { readSpec } from './read-input.ts'
import { type OutputRelay, relayOutput } from './relay-output.ts'
import { StartFailure } from './start-failure.ts'
import { createStopControl, exitCodeOf, type StopControl } from './stop-control.ts'

/** Processes that the command left behind get less time to end than the command itself: its work is done. */
const leftoverGraceMs = 2000

/** How a run ended, for its end record. */
type Ending = Pick<EndRecord, 'exitCode' | 'signal' | 'stdoutBytes' | 'stderrBytes' | 'startError'>

/** Runs the command of the environment's spec from start to end. */
export async function launch(env: NodeJS.ProcessEnv): Promise<LaunchEnd> {
  const startedAt = Date.now()
  const begun = performance.now()
  const memoryKillsOfRun = countMemoryKills()
  const out = openFrameOutput()
  const stops = createStopControl(out.notice)
  const isFinished = createLatch()
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () =>
      stops.stop('signal', `${signal} received: it is passed on to the command's group.`, signal),
    )
  }
  process.on('SIGUSR1', () => isFinished.open())

  async function conclude(ending: Ending, exitCode: number): Promise<LaunchEnd> {
    const oomKills = memoryKillsOfRun()
    const { startError, stdoutBytes, stderrBytes, ...exit } = ending
    out.record({
      type: 'end',
      frames: out.count,
      ...exit,
      durationMs: Math.round(performance.now() - begun),
      stoppedBy: stops.cause,
      stdoutBytes,
      stderrBytes,
      // Omitted from the JSON if undefined.
      oomKills: oomKills > 0 ? oomKills : undefined,
      startError,
    })
    return { exitCode, isStuck: await closeOutput(out, stops) }
  }

  let spec: LaunchSpec
  let run: StartedRun
  try {
    spec = readSpec(env)
    stops.graceMs = spec.limits?.killGraceMs ?? stops.graceMs
    run = await prepareRun(env, spec, { out, stops })
  } catch (error) {
    out.record({ type: 'start', version: 1, pid: null, startedAt })
    const { startError, exitCode } = describeFailure(error)
    return conclude({ exitCode: null, signal: null, stdoutBytes: 0, stderrBytes: 0, startError }, exitCode)
  }
  stops.started(run.command.pid)
  out.record({ type: 'start', version: 1, pid: run.command.pid, startedAt })
  if (run.proxy.problem !== undefined) out.notice('proxy_failed', run.proxy.problem)
  const relay = relayOutput({ spec, outputs: run.outputs, out, stops, failed: failWith(out, stops) })
  void isFinished.wait().then(() => relay.finished('SIGUSR1'))

  const exit = await run.command.exit
  await gatherLastOutput(run, relay, { out, stops })
  const { o: stdoutBytes, e: stderrBytes } = relay.bytes
  return conclude({ exitCode: exit.code, signal: exit.signal, stdoutBytes, stderrBytes }, exitCodeOf(exit))
}

/** Ends what the command left behind, and frames everything that was written. */
async function gatherLastOutput(
  { command }: StartedRun,
  relay: OutputRelay,
  { out, stops }: { out: FrameOutput; stops: StopControl },
): Promise<void> {
  stops.ended()
  relay.stopWatching()
  const leftover = await endGroup(command.pid, Math.min(leftoverGraceMs, stops.graceMs))
  await firstOf<void>([relay.drain, stops.gaveUp.wait])
  relay.end()
  // When the whole group was being stopped, some of it taking a moment longer is not worth a notice.
  if (leftover.length === 0 || stops.cause !== null) return
  const names = leftover.slice(0, 20).join(', ')
  out.notice('leftover_processes', `Ended ${leftover.length} process(es) that outlived the command: ${names}`)
}

/** Waits until everything was written to stdout and journal; true when one of them is stuck. */
async function closeOutput(out: FrameOutput, stops: StopControl): Promise<boolean> {
  const isWritten = await firstOf([
    () => out.settled().then(() => true),
    (signal) => stops.gaveUp.wait(signal).then(() => false),
  ])
  const late = await out.close()
  if (isWritten && late !== undefined) console.error(`agent-jobs launcher: ${late.text}`)
  return !isWritten || late?.isStuck === true
}

/** A defect of the launcher ends the command, so that the run ends with what is known. */
function failWith(out: FrameOutput, stops: StopControl): (error: unknown) => void {
  const failed = (error: unknown): void => {
    if (stops.isOver) throw error
    out.notice('launcher_failed', `The launcher failed and ends the command: ${errorMessage(error)}`)
    stops.send('SIGKILL')
  }
  process.on('uncaughtException', failed)
  return failed
}

function describeFailure(error: unknown): { startError: StartError; exitCode: number } {
  const message = errorMessage(error)
  return error instanceof StartFailure
    ? { startError: { code: error.code, message }, exitCode: error.exitCode }
    : { startError: { code: 'launcher_failed', message }, exitCode: 125 }
}
