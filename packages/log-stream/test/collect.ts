import { followLogs } from '../src/follow-logs.ts'
import type { FollowOptions } from '../src/follow-options.ts'
import type { LogEnd, LogItem, LogLine } from '../src/log-item.ts'
import type { LogSource } from '../src/log-source.ts'
import { VirtualClock } from './virtual-clock.ts'

export interface Collected {
  items: LogItem[]
  lines: LogLine[]
  texts: string[]
  gaps: Extract<LogItem, { type: 'gap' }>[]
  diagnostics: Extract<LogItem, { type: 'diagnostic' }>[]
  end: LogEnd | undefined
}

/** Sorts items by what they are. */
export function sortItems(items: LogItem[]): Collected {
  const of = <K extends LogItem['type']>(type: K): Extract<LogItem, { type: K }>[] =>
    items.filter((item): item is Extract<LogItem, { type: K }> => item.type === type)
  const lines = of('line')
  return {
    items,
    lines,
    texts: lines.map((line) => line.text),
    gaps: of('gap'),
    diagnostics: of('diagnostic'),
    end: of('end').at(-1),
  }
}

/** Follows on a virtual clock to the end and gives everything that was yielded. */
export async function collect(
  source: LogSource,
  options: Partial<FollowOptions> & { framing: FollowOptions['framing']; containerEnded: Promise<unknown> },
  onItem?: (item: LogItem) => void | Promise<void>,
): Promise<Collected> {
  const clock = (options.clock as VirtualClock | undefined) ?? new VirtualClock()
  const items: LogItem[] = []
  const work = (async () => {
    const following = followLogs(source, {
      signal: new AbortController().signal,
      random: () => 0.5,
      // Most tests are about what comes before the end; those that are about the end say so.
      endRecord: 'trust',
      ...options,
      clock,
    })
    for await (const item of following) {
      items.push(item)
      await onItem?.(item)
    }
  })()
  await clock.run(work)
  return sortItems(items)
}
