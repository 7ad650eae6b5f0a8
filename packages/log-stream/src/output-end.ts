import type { Ending } from './log-item.ts'

/** How framed output ended, as far as its frames prove it. */
export class OutputEnd {
  readonly #onContested: (text: string) => void
  readonly #isTrusted: boolean
  #seq: number | undefined
  #isContested = false

  /** `onContested` is called once, with what showed that more than one program writes frames. */
  constructor(o: { endRecord: 'trust' | 'confirm'; onContested: (text: string) => void }) {
    this.#isTrusted = o.endRecord === 'trust'
    this.#onContested = o.onContested
  }

  /** Number of the end record that nothing has followed yet. */
  get seq(): number | undefined {
    return this.#seq
  }

  /** Whether nothing more has to be read: the end record is trusted to be the last frame. */
  get isFinal(): boolean {
    return this.#isTrusted && this.#seq !== undefined
  }

  /** An end record was read. */
  reach(seq: number): void {
    this.#seq = seq
  }

  /** A frame is new. The launcher writes nothing after its end record, so one followed by anything was not the launcher's. */
  continueWith(seq: number): void {
    if (this.#seq === undefined) return
    this.contradict(`frame ${seq} came after the end record in frame ${this.#seq}`)
    this.#seq = undefined
  }

  /** Something shows that more than one program writes frames. */
  contradict(what: string): void {
    if (this.#isContested) return
    this.#isContested = true
    this.#onContested(`Something besides the launcher writes frames in the container: ${what}`)
  }

  /** `next` is the number of the frame that would follow all that were delivered. */
  ending(next: number): Ending {
    if (this.#seq === undefined) return 'missing'
    return this.#isContested || this.#seq !== next - 1 ? 'contested' : 'proved'
  }
}
