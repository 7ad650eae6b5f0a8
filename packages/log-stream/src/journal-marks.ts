const everyBytes = 65_536
const maxMarks = 4_096

/** Offsets of frames in a journal, so that filling a gap near the end of a long one does not read all of it. */
export class JournalMarks {
  readonly #marks: { seq: number; offset: number }[] = []

  /** The frame `seq` begins at or after byte `offset`. Kept when it is far enough after the last mark. */
  add(seq: number, offset: number): void {
    const last = this.#marks.at(-1)
    if (offset - (last?.offset ?? 0) < everyBytes || seq <= (last?.seq ?? -1)) return
    if (this.#marks.length < maxMarks) this.#marks.push({ seq, offset })
  }

  /** The last marked byte at or before the frame `seq`. */
  startFor(seq: number): number {
    return this.#marks.findLast((mark) => mark.seq <= seq)?.offset ?? 0
  }
}
