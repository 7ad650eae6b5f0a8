import { encodeFrame, type EndRecord, type LauncherRecord, type StartError } from '@agent-jobs/frames'
import { initScript } from './init-script.ts'

const startError: StartError = {
  code: 'node_missing',
  message: 'The image has no node in its PATH. Use an image with Node 18 or newer.',
}
const end: EndRecord = {
  type: 'end',
  frames: 1,
  exitCode: null,
  signal: null,
  durationMs: 0,
  stoppedBy: null,
  stdoutBytes: 0,
  stderrBytes: 0,
  startError,
}
const frameOf = (seq: number, record: LauncherRecord): string =>
  encodeFrame({ seq, stream: 'l', time: 0, payload: Buffer.from(JSON.stringify(record)), flag: '.' }).toString()
/** The launcher's own message, for when nothing can run it. */
const noNode = frameOf(0, { type: 'start', version: 1, pid: null, startedAt: 0 }) + frameOf(1, end)
const shellScript = `command -v "$0">/dev/null||{ printf %s '${noNode}';exit 127;}\n${initScript}`

/** How a container starts the launcher. */
export interface BootstrapOptions {
  /**
   * The image has `/bin/sh`. Then the container starts with a small shell, not with node, which saves one start of node
   * (45 ms on an idle machine) and reaps orphans on every Node. Default false: no shell is needed.
   */
  shell?: boolean
}

/**
 * The container's command: the image's own `node` runs the program from an environment variable in the run's
 * Secret. An image without `node` fails to start with the runtime's own error (exit 128, StartError, `exec: "node":
 * executable file not found in $PATH`); with `shell` it ends with 127 and the start error `node_missing`.
 */
export function bootstrapCommand({ shell = false }: BootstrapOptions = {}): string[] {
  return shell ? ['/bin/sh', '-c', shellScript, 'node'] : ['node', '-e', 'eval(process.env.AGENT_JOBS_LAUNCHER)']
}
