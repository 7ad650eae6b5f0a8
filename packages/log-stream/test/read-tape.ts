import { strictEqual } from 'node:assert/strict'
import { followLogs } from '../src/follow-logs.ts'
import { type Cut, type Tape, TapedLog } from './taped-log.ts'
import { VirtualClock } from './virtual-clock.ts'

/** Follows a tape through its cuts to the end; throws at the first line that is not the next one printed. */
export async function readTape(tape: Tape, cutAfterNew: (connection: number) => Cut | undefined): Promise<TapedLog> {
  const clock = new VirtualClock()
  const log = new TapedLog(tape, cutAfterNew)
  const ended = Promise.withResolvers<void>()
  const { signal } = new AbortController()
  const { framing, lines } = tape
  let next = 0
  let verdict = ''
  const work = (async () => {
    const options = { framing, containerEnded: ended.promise, signal, clock, random: () => 0.5 }
    for await (const item of followLogs(log, options)) {
      if (item.type === 'gap') throw new Error(`A gap from ${item.from} to ${item.to} before line ${next}`)
      if (item.type === 'end') ({ verdict } = item)
      if (item.type !== 'line') continue
      // Comparing first keeps the message of an assertion from being built for each of a million lines.
      if (item.text !== lines[next]) strictEqual(item.text, lines[next], `line ${next}`)
      // The pod's status says so only when everything was read once: until then the end of a body proves nothing.
      if (++next === lines.length) ended.resolve()
    }
  })()
  await clock.run(work)
  strictEqual(next, lines.length)
  strictEqual(verdict, framing === 'launcher' ? 'complete' : 'unverified')
  return log
}
