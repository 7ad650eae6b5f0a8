import type { Alarm } from './alarm.ts'
import { Alarm as Sleeper } from './alarm.ts'
import { askForNewest } from './ask-for-newest.ts'
import { type Backoff, createBackoff } from '@agent-jobs/primitives'
import { type ConnectionEnd, readConnection } from './connection.ts'
import type { ConnectionContext } from './connection-context.ts'
import { ConnectionReport } from './connection-report.ts'
import { createTracker } from './create-tracker.ts'
import { type FollowOptions, type ResolvedOptions, resolveOptions } from './follow-options.ts'
import { ItemOutput } from './item-output.ts'
import type { LogItem } from './log-item.ts'
import type { LogSource } from './log-source.ts'
import { doubtOfGoneLogMs, saysTooManyOpenFiles } from './server-words.ts'
import { Spool } from './spool.ts'
import type { RequestPlan, Tracker } from './tracker.ts'

/**
 * Follows one container's output to its end, through every disconnect, rotation and restart: each line once and in
 * order, or a gap with its bounds. Reading continues while the consumer works; what it has not taken waits in memory and
 * then on disk. Ends with an item of type `end`.
 *
 * @example
 * for await (const item of followLogs(source, { framing: 'launcher', containerEnded, signal })) {
 *   if (item.type === 'line') console.log(item.text)
 * }
 */
export function followLogs(source: LogSource, options: FollowOptions): AsyncIterableIterator<LogItem> {
  const resolved = resolveOptions(options)
  return new Follower(source, resolved).items()
}

/** After the node ran out of inotify instances, following is retried after this many polls. */
const pollsBeforeFollow = 60
const fruitlessBeforeAsking = 3
/** After this many connections in a row without anything new, the journal is read. */
const barrenBeforeJournal = 3
/** The pod's status reports its container's end within a second or two; until then nothing new is expected. */
const statusLateMs = 2_000

class Follower {
  readonly #o: ResolvedOptions
  readonly #caller: AbortSignal
  readonly #spool: Spool<LogItem>
  readonly #output: ItemOutput
  readonly #ends: ConnectionReport
  readonly #tracker: Tracker
  readonly #context: ConnectionContext
  readonly #backoff: Backoff
  readonly #startBackoff: Backoff
  readonly #sleeper: Sleeper
  readonly #stop = new AbortController()
  #alarm: Alarm | undefined
  #endedAt: number | undefined
  #running: Promise<void> | undefined

  constructor(source: LogSource, options: ResolvedOptions) {
    const { clock, random, backoff, signal } = options
    this.#caller = signal
    this.#o = { ...options, signal: AbortSignal.any([signal, this.#stop.signal]) }
    this.#spool = new Spool(options.spool, async () => {
      this.#stop.abort(new Error('the consumer left'))
      await this.#running
    })
    const output = new ItemOutput(this.#spool, this.#o)
    const room = (): Promise<void> => output.room()
    this.#output = output
    this.#ends = new ConnectionReport(output, clock)
    this.#tracker = createTracker(this.#o, (item) => output.emit(item), room)
    this.#backoff = createBackoff({ ...backoff, random })
    // A container that does not exist yet is polled often at first: its start takes 0.2 s
    // (docs/kubernetes-facts.md#what-a-start-costs).
    this.#startBackoff = createBackoff({ baseMs: 200, maxMs: 30_000, random })
    this.#sleeper = new Sleeper(clock)
    this.#context = {
      source,
      options: this.#o,
      tracker: this.#tracker,
      endedAt: () => this.#endedAt,
      onAlarm: (alarm) => {
        this.#alarm = alarm
      },
      room,
    }
  }

  items(): AsyncIterableIterator<LogItem> {
    const onEnd = (): void => {
      this.#endedAt ??= this.#o.clock.now()
      this.#sleeper.wake()
      this.#alarm?.wake()
    }
    this.#o.containerEnded.then(onEnd, onEnd)
    this.#running = this.#run().then(
      () => this.#spool.close(),
      (error: unknown) => (this.#caller.aborted ? this.#spool.abort(error) : this.#spool.fail(error)),
    )
    return this.#spool
  }

  async #run(): Promise<void> {
    this.#o.signal.throwIfAborted()
    const finished = await this.#follow()
    if (!finished) await this.#drain()
    const tracker = this.#tracker
    this.#output.emit({ type: 'end', verdict: tracker.verdict(), ending: tracker.ending(), cursor: tracker.cursor() })
  }

  /** Follows until the end record arrives (true), or until the container has ended or the pod is gone (false). */
  async #follow(): Promise<boolean> {
    let full = false
    let polls = 0
    let fruitless = 0
    let barren = 0
    let rereadSince: number | undefined
    while (this.#endedAt === undefined) {
      const before = this.#tracker.delivered
      const end = await this.#read({ full, follow: polls === 0, last: false })
      const progressed = this.#tracker.delivered > before
      if (progressed) {
        this.#backoff.reset()
        this.#startBackoff.reset()
        fruitless = 0
        barren = 0
        rereadSince = undefined
      }
      full = end.kind === 'left' && (end.why === 'reread' || end.why === 'hidden')
      if (end.kind === 'left' && end.why === 'reread') {
        rereadSince ??= this.#o.clock.now()
        if (this.#o.clock.now() - rereadSince >= this.#o.rereadMs) {
          this.#tracker.acceptLoss()
          full = false
        }
      }
      if (end.kind === 'left') {
        if (end.why === 'finished') return true
        const isStuck = end.why === 'stalled' || end.why === 'hidden'
        if (isStuck) {
          this.#output.diagnose(
            'stalled',
            'The log stream was silent although newer lines exist; a new connection replaces it',
          )
        }
        // If rereading a file from its start brings nothing new, do not read it again at once.
        if ((end.why === 'reread' && !progressed) || isStuck) await this.#pause(this.#backoff.next())
        continue
      }
      if (end.kind === 'answer' && end.judgement.kind === 'gone') {
        this.#output.diagnose('request_failed', end.judgement.text)
        return false
      }
      if (end.kind === 'eof' && saysTooManyOpenFiles(end.words)) {
        this.#output.diagnose('too_many_open_files', end.words)
        polls = pollsBeforeFollow
      } else this.#ends.report(end)
      if (polls > 0) {
        polls--
        await this.#pause(this.#o.pollMs)
      } else await this.#pause(Math.max(this.#waitAfter(end), this.#tracker.ending() === 'missing' ? 0 : statusLateMs))
      // Connections that always break before anything new, or a server that is away, would bring nothing indefinitely.
      if (!progressed) barren++
      if (barren === barrenBeforeJournal) {
        barren = 0
        if ((await this.#tracker.catchUp()) === 'finished') return true
      }
      // Bodies that end at once never reach the probe of a silent connection.
      if (end.kind === 'eof' && ++fruitless % fruitlessBeforeAsking === 0) {
        full = await this.#hasNewer()
      }
    }
    return false
  }

  async #read(plan: RequestPlan): Promise<ConnectionEnd> {
    const end = await readConnection(this.#context, plan)
    this.#ends.note(end)
    return end
  }

  #waitAfter(end: ConnectionEnd): number {
    if (end.kind !== 'answer') return this.#backoff.next()
    const { judgement } = end
    if (judgement.kind === 'not-yet') return this.#startBackoff.next()
    return this.#backoff.next(judgement.kind === 'retry' ? judgement.retryAfterMs : 0)
  }

  /** Reads what is left after the container's end, and the journal, until the output is proved as far as possible. */
  async #drain(): Promise<void> {
    const { clock, drainMs } = this.#o
    const until = clock.now() + drainMs
    let full = false
    let hole: 'none' | 'seen' | 'given up' = 'none'
    let tail: 'ask' | 'take' = 'ask'
    let goneSince: number | undefined
    this.#backoff.reset()
    // An end record that the container ended with needs no proof except that it is the newest line.
    if (this.#tracker.ending() !== 'missing' && (await this.#hasNothingNewer())) return
    for (;;) {
      const before = this.#tracker.delivered
      const end = await this.#read({ full, follow: false, last: tail })
      if (end.kind === 'left') {
        if (end.why === 'finished') return
        // After the deadline, deliver what comes after a gap rather than wait for the gap.
        if (clock.now() >= until) {
          hole = 'given up'
          this.#tracker.acceptLoss()
        } else hole = 'seen'
        full = hole === 'seen'
        continue
      }
      if (end.kind === 'eof' && end.words === '') {
        // A clean end proves nothing here either: read the whole file until that brings nothing new. Without an end
        // record that is worthwhile; otherwise the newest line shows whether a request by time left something out.
        const isDone = full ? this.#tracker.delivered === before : !this.#tracker.awaitsEnd
        const newest = isDone ? await askForNewest(this.#context, this.#o.signal) : 'newer'
        if (newest === 'same') break
        // If the whole file was read but something is missing, or nothing is known, retry later.
        const isKnown = newest === 'newer' || newest === 'hidden'
        if (isKnown && (!isDone || !full)) {
          full = true
          continue
        }
      }
      this.#ends.report(end)
      if (end.kind === 'answer' && end.judgement.kind === 'gone') {
        this.#output.diagnose(
          'drain_failed',
          `The pod is gone, its last output could not be read: ${end.judgement.text}`,
        )
        break
      }
      const words = end.kind === 'eof' ? end.words : ''
      const doubtMs = doubtOfGoneLogMs(words)
      goneSince = doubtMs === null ? undefined : (goneSince ?? clock.now())
      if (doubtMs !== null && goneSince !== undefined && clock.now() - goneSince >= doubtMs) {
        this.#output.diagnose('drain_failed', `The log of the ended container is gone: ${words}`)
        break
      }
      const wait = this.#waitAfter(end)
      if (clock.now() + wait >= until) {
        if (hole === 'seen') {
          hole = 'given up'
          this.#tracker.acceptLoss()
          full = false
          continue
        }
        if (end.kind === 'unproved') {
          tail = 'take'
          continue
        }
        this.#output.diagnose(
          'drain_failed',
          `The last output could not be read within ${drainMs} ms after the container's end`,
        )
        break
      }
      await this.#pause(wait, false)
    }
    await this.#tracker.drain()
  }

  async #hasNothingNewer(): Promise<boolean> {
    return (await askForNewest(this.#context, this.#o.signal)) === 'same'
  }

  async #hasNewer(): Promise<boolean> {
    const newest = await askForNewest(this.#context, this.#o.signal)
    return newest === 'newer' || newest === 'hidden'
  }

  async #pause(ms: number, untilEnded = true): Promise<void> {
    if (untilEnded && this.#endedAt !== undefined) return
    await this.#sleeper.sleep(ms, this.#o.signal)
    this.#o.signal.throwIfAborted()
  }
}
