import { encodeFrame, type FrameStream } from '@agent-jobs/frames'
import type { FunctionContainer } from '@agent-jobs/mini-kube'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * A container that writes what the launcher would, inside the test's own process: cheap enough for a thousand runs.
 * `lines N MS` prints N lines, one every MS milliseconds; `exit CODE` ends at once; `wait` ends on SIGTERM; `deaf` ignores
 * even that; `vanish CODE` ends without an end record, as if the launcher had been killed.
 */
export const frameContainer: FunctionContainer = async ({ env, stdout, signal }) => {
  const { argv } = JSON.parse(env['AGENT_JOBS_SPEC'] ?? '{}') as { argv: string[] }
  const [verb, first = '0', second = '0'] = argv
  const startedAt = Date.now()
  let seq = 0
  const frame = (stream: FrameStream, text: string): void => {
    stdout(encodeFrame({ seq, stream, time: Date.now(), payload: Buffer.from(text), flag: '.' }))
    seq += 1
  }
  const end = (exitCode: number, stoppedBy: string | null): number => {
    const durationMs = Date.now() - startedAt
    frame(
      'l',
      JSON.stringify({
        type: 'end',
        frames: seq,
        exitCode,
        signal: null,
        durationMs,
        stoppedBy,
        stdoutBytes: 0,
        stderrBytes: 0,
      }),
    )
    return exitCode
  }
  const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }))
  frame('l', JSON.stringify({ type: 'start', version: 1, pid: 1, startedAt }))
  switch (verb) {
    case 'lines': {
      for (let line = 0; line < Number(first); line += 1) {
        if (signal.aborted) {
          frame('o', 'bye')
          return end(143, 'signal')
        }
        frame('o', `line ${line}`)
        if (Number(second) > 0) await Promise.race([sleep(Number(second)), stopped])
      }
      return end(0, null)
    }
    case 'exit':
      return end(Number(first), null)
    case 'wait':
      frame('o', 'up')
      await stopped
      frame('o', 'bye')
      return end(143, 'signal')
    case 'deaf':
      frame('o', 'up')
      await new Promise(() => undefined)
      return 0
    case 'vanish':
      frame('o', 'up')
      return Number(first)
    default:
      return end(127, null)
  }
}
