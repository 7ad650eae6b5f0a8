import { errorMessage } from '@agent-jobs/primitives'
import type { FrameLedger } from './frame-ledger.ts'
import { FrameScanner, isFrame } from './frame-scanner.ts'
import type { FrameWriter } from './frame-writer.ts'
import type { JournalSource } from './journal-source.ts'
import type { GapReason } from './log-item.ts'
import type { OutputEnd } from './output-end.ts'

/** What a gap filler needs. */
export interface GapFillerOptions {
  ledger: FrameLedger
  writer: FrameWriter
  end: OutputEnd
  journal: JournalSource | undefined
  /** Waits until delivered items have room: a journal may be larger than what can wait for a slow consumer. */
  room: () => Promise<void>
  /** Ends reading the journal. */
  signal: AbortSignal
}

/** Delivers frames that are missing in the log from the journal, and reports a gap where nothing else can have them. */
export class GapFiller {
  readonly #o: GapFillerOptions
  /** The connection sends the file from its start, so what is missing is not in the log. */
  #isWholeFile = true
  #acceptsLoss = false

  constructor(options: GapFillerOptions) {
    this.#o = options
  }

  /** A new connection begins. */
  begin(isWholeFile: boolean): void {
    this.#isWholeFile = isWholeFile
  }

  /** The whole file cannot be read: the next gap counts as lost without it. */
  acceptLoss(): void {
    this.#acceptsLoss = true
  }

  /** Fills the gap before a frame, or reports it unless the whole file may have the frames. */
  async fillBefore(seq: number): Promise<void> {
    const isFinal = this.#isWholeFile || this.#acceptsLoss
    await this.#read(seq, isFinal)
    if (isFinal && this.#o.ledger.next < seq) this.#reportGap(seq)
  }

  /** Delivers what the journal has of the following frames, up to its first gap or (`final`) to its end. */
  async readRest(o: { final: boolean }): Promise<void> {
    await this.#read(Number.POSITIVE_INFINITY, o.final)
  }

  async #read(to: number, isFinal: boolean): Promise<void> {
    const { journal, signal, writer } = this.#o
    const { next } = this.#o.ledger
    if (journal === undefined) return
    try {
      const toSeq = Number.isFinite(to) ? { toSeq: to - 1 } : {}
      await this.#deliver(journal.read({ fromSeq: next, ...toSeq, signal }), to, isFinal)
    } catch (error) {
      writer.diagnose('journal_failed', `Reading the journal from frame ${next} on failed: ${errorMessage(error)}`)
    }
  }

  async #deliver(chunks: AsyncIterable<Uint8Array>, to: number, isFinal: boolean): Promise<void> {
    const { ledger, writer, end, room } = this.#o
    const scanner = new FrameScanner()
    for await (const chunk of chunks) {
      scanner.push(chunk)
      for (let frame = scanner.next(); frame !== undefined; frame = scanner.next()) {
        if (!isFrame(frame) || frame.seq < ledger.next) continue
        if (frame.seq >= to) return
        if (frame.seq > ledger.next) {
          if (!isFinal) return
          this.#reportGap(frame.seq)
        }
        writer.deliver(frame)
        if (end.isFinal) return
      }
      await room()
    }
  }

  #reportGap(toSeq: number): void {
    this.#o.writer.gap(toSeq, this.#reason())
    this.#acceptsLoss = false
  }

  #reason(): GapReason {
    if (this.#acceptsLoss && !this.#isWholeFile) return 'reread_failed'
    return this.#o.journal === undefined ? 'missing_frames' : 'journal_incomplete'
  }
}
