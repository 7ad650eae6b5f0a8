import type { FrameFlag } from '@agent-jobs/frames'
import { errorMessage } from '@agent-jobs/primitives'
import type { LaunchSpec } from '../launch-spec.ts'
import type { FrameOutput } from './frame-output.ts'
import type { OutputFile } from './open-files.ts'
import { createLineSplitter } from './split-lines.ts'
import type { StopControl } from './stop-control.ts'
import { tailFiles } from './tail-files.ts'
import { watchLimits } from './watch-limits.ts'

const defaultMaxOutputBytes = 1024 * 1024 * 1024
const streams = ['o', 'e'] as const

/** Turns the command's output into frames and enforces its limits on the way. */
export interface OutputRelay {
  /** Bytes of standard output and standard error that were framed. */
  readonly bytes: Readonly<Record<(typeof streams)[number], number>>
  /** The command has finished its work, as reported from outside. */
  finished(by: string): void
  /** The command has ended: no limit applies any more. */
  stopWatching(): void
  /** Reads to the end; call it when all writers are gone. */
  drain(): Promise<void>
  /** Delivers the bytes after the last newline. */
  end(): void
}

/** What the relay works with. */
export interface RelayOptions {
  spec: LaunchSpec
  outputs: readonly OutputFile[]
  out: FrameOutput
  stops: StopControl
  /** Reading failed; nothing more will arrive. */
  failed(error: unknown): void
}

/** Starts the relay. */
export function relayOutput({ spec, outputs, out, stops, failed }: RelayOptions): OutputRelay {
  const maxBytes = spec.limits?.maxOutputBytes ?? defaultMaxOutputBytes
  const bytes = { o: 0, e: 0 }
  let seen = 0

  const limits = watchLimits({
    spec,
    unread: () => tail.unread(),
    noted: (message) => out.notice('finished', message),
    exceeded: stops.stop,
  })
  const splitters = streams.map((stream) =>
    createLineSplitter((payload: Buffer, flag: FrameFlag) => {
      out.line(stream, payload, flag)
      if (stream === 'o') limits.stdout(payload, flag)
    }),
  )
  const tail = tailFiles({
    files: [...outputs],
    touched: limits.touched,
    consume(index, chunk) {
      limits.touched()
      const room = Math.max(0, maxBytes - seen)
      seen += chunk.length
      const part = chunk.subarray(0, room)
      bytes[streams[index] ?? 'o'] += part.length
      splitters[index]?.push(part)
      if (seen <= maxBytes) return
      stops.stop('output_limit', `More than ${maxBytes} bytes of output (limits.maxOutputBytes): the rest is dropped.`)
      // The command must not fill the disk during the grace period either.
      if (seen > 2 * maxBytes) stops.send('SIGKILL')
    },
    ready: out.ready,
    truncated(index) {
      const name = index === 0 ? 'stdout' : 'stderr'
      const what = `A process truncated its ${name} (\`> /dev/${name}\`?): output may be missing here.`
      out.notice('output_truncated', what)
    },
    failed,
  })
  for (const { watchError } of outputs) {
    if (watchError === undefined) continue
    out.notice('watch_unavailable', `Output is polled every 25 ms: ${errorMessage(watchError)}`)
  }
  return {
    bytes,
    finished: limits.finished,
    stopWatching: limits.stop,
    drain: tail.finish,
    end() {
      for (const splitter of splitters) splitter.end()
    },
  }
}
