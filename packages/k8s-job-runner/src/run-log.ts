import {
  followLogs,
  kubeLogSource,
  type JournalSource,
  type LogCursor,
  type LogItem,
  type Verdict,
} from '@agent-jobs/log-stream'
import type { EventChannel } from './event-channel.ts'
import type { RunEvent } from './run-event.ts'
import type { RunnerContext } from './runner-context.ts'

/** What reading a run's output needs. */
export interface RunLogOptions {
  pod: string
  container: string
  cursor: LogCursor | undefined
  journal: JournalSource | undefined
  /** Resolves when the status says that the container is over or the pod gone. */
  containerEnded: Promise<void>
  /** After this long without a byte the newest line is asked for. */
  silenceMs: number
  /** After the container's end, what is left is tried to be read for this long. */
  drainMs: number
  signal: AbortSignal
  channel: EventChannel<RunEvent>
  onFirstLine: () => void
  /** The last of the log could not be read in that time. */
  onUndrained: () => void
  /** Gets a launcher record as it was printed: nothing about it is certain. */
  onRecord: (record: unknown) => void
}

/** Hands every line of the run to its channel, and every record to the follower. Ends with the verdict of the whole. */
export async function readRunLog(context: RunnerContext, options: RunLogOptions): Promise<Verdict> {
  const { client, namespace, clock, random } = context
  const { pod, container, cursor, journal, containerEnded, silenceMs, drainMs, signal, channel } = options
  const source = kubeLogSource(client, { namespace, pod, container })
  const items: AsyncIterable<LogItem> = followLogs(source, {
    framing: 'launcher',
    ...(cursor === undefined ? {} : { cursor }),
    ...(journal === undefined ? {} : { journal }),
    containerEnded,
    silenceMs,
    drainMs,
    signal,
    clock,
    random,
  })
  let seen = false
  for await (const item of items) {
    switch (item.type) {
      case 'line':
        if (!seen) options.onFirstLine()
        seen = true
        await channel.send(item, signal)
        break
      case 'gap':
        await channel.send(item, signal)
        break
      case 'diagnostic':
        if (item.code === 'drain_failed') options.onUndrained()
        channel.push({ type: 'warning', code: `log_${item.code}`, message: item.text, at: clock.now() })
        break
      case 'record':
        options.onRecord(item.record)
        break
      case 'end':
        return item.verdict
      default:
        item satisfies never
    }
  }
  signal.throwIfAborted()
  return 'unverified'
}
