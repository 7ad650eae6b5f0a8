import { setImmediate as turn } from 'node:timers/promises'
import type { ResolvedOptions } from './follow-options.ts'
import type { DiagnosticCode, LogItem } from './log-item.ts'
import type { Spool } from './spool.ts'

const itemOverheadBytes = 300

/** Passes items to the consumer by way of the spool, and reports each lasting problem once. */
export class ItemOutput {
  readonly #spool: Spool<LogItem>
  readonly #options: Pick<ResolvedOptions, 'signal' | 'spool'>
  #lastDiagnostic = ''
  #spoolWarned = false

  constructor(spool: Spool<LogItem>, options: Pick<ResolvedOptions, 'signal' | 'spool'>) {
    this.#spool = spool
    this.#options = options
  }

  emit(item: LogItem): void {
    let bytes = itemOverheadBytes
    if (item.type === 'line') bytes += item.bytes
    if (item.type !== 'diagnostic') this.#lastDiagnostic = ''
    else bytes += item.text.length
    this.#spool.push(item, bytes)
  }

  diagnose(code: DiagnosticCode, text: string): void {
    const key = `${code} ${text}`
    // Report a lasting problem once, and again after something was read.
    if (key === this.#lastDiagnostic) return
    this.emit({ type: 'diagnostic', code, text })
    this.#lastDiagnostic = key
  }

  /** Waits until delivered items have room. */
  async room(): Promise<void> {
    const { signal, spool } = this.#options
    // A working consumer keeps up when it gets a turn; only one that truly waits for something uses the disk.
    if (this.#spool.memoryBytes > spool.memoryBytes / 4) await turn()
    if (this.#spool.full) await this.#spool.room(signal, () => this.#warnOfSpool())
  }

  #warnOfSpool(): void {
    if (this.#spoolWarned) return
    this.#spoolWarned = true
    const { broken } = this.#spool
    const why = broken instanceof Error ? `cannot be written (${broken.message})` : 'is full'
    this.diagnose(
      'spool_full',
      `The spool ${why}: reading waits for the consumer, and the log may be rotated in the meantime`,
    )
  }
}
