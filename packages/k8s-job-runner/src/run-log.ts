import type { LauncherRecord } from '@agent-jobs/frames'
import {
  followLogs,
  kubeLogSource,
  type DiagnosticCode,
  type JournalSource,
  type LogCursor,
  type LogItem,
  type LogLine,
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
  /** Resolves when the status says that the container has ended or the pod is gone. */
  containerEnded: Promise<void>
  /** After this long without a byte, the newest line is requested. */
  silenceMs: number
  /** After the container's end, how long to keep trying to read the rest. */
  drainMs: number
  signal: AbortSignal
  channel: EventChannel<RunEvent>
  onLine: (line: LogLine) => void
  onDiagnostic: (code: DiagnosticCode, text: string) => void
  onRecord: (record: LauncherRecord) => void
}

/** Passes every line of the run to its channel, and every record to the follower. Returns the verdict on the whole. */
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
    spool: context.spool,
    signal,
    clock,
    random,
  })
  for await (const item of items) {
    switch (item.type) {
      case 'line':
        options.onLine(item)
        await channel.send(item, signal)
        break
      case 'gap':
        await channel.send(item, signal)
        break
      case 'diagnostic':
        options.onDiagnostic(item.code, item.text)
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
