import { existsSync } from 'node:fs'
import type { JournalSpec, LaunchSpec } from '../launch-spec.ts'
import { checkMounts } from './check-mounts.ts'
import type { FrameOutput } from './frame-output.ts'
import { openFiles, type OutputFile } from './open-files.ts'
import { openProxy, type ProxyForCommand } from './open-proxy.ts'
import { readChunks, writeFiles } from './read-input.ts'
import { startCommand, type Command } from './start-command.ts'
import { StartFailure } from './start-failure.ts'
import type { StopControl } from './stop-control.ts'

/** A started command, with its resources. */
export interface StartedRun {
  readonly command: Command
  readonly outputs: readonly OutputFile[]
  readonly proxy: ProxyForCommand
}

/** The journal belongs to one run, so it exists only when an earlier pod of this run got this far. */
function refuseSecondStart(journal: JournalSpec | undefined): void {
  if (journal?.startsOnce !== true || !existsSync(journal.path)) return
  const message = `An earlier pod of this run has started the command: its journal ${journal.path} exists. Start a new run.`
  throw new StartFailure('already_started', message)
}

/** Prepares everything for the command, and starts it. Throws {@link StartFailure} with the reason. */
export async function prepareRun(
  env: NodeJS.ProcessEnv,
  spec: LaunchSpec,
  { out, stops }: { out: FrameOutput; stops: StopControl },
): Promise<StartedRun> {
  // Before mounted folders are read or written.
  checkMounts(spec.mounts)
  refuseSecondStart(spec.journal)
  if (spec.journal !== undefined) out.journal(spec.journal)
  const stdin = readChunks(env, 'STDIN')
  writeFiles(readChunks(env, 'FILES'))
  const files = openFiles(spec.outputDirectory)
  const input = stdin === undefined ? 'ignore' : files.input(stdin)
  const [stdout, stderr] = [files.output(), files.output()]
  const proxy = await openProxy(spec.proxy, out)
  if (stops.cause !== null) throw new StartFailure('stopped_before_start', 'The run was stopped before its start.', 143)
  const withProxy = { ...spec, env: { ...spec.env, ...proxy.env } }
  const command = await startCommand(withProxy, [input, stdout.fd, stderr.fd])
  if (input !== 'ignore') files.close(input)
  return { command, outputs: [stdout, stderr], proxy }
}
