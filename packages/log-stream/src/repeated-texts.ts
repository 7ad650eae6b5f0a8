const maxTexts = 256

/** Recognises texts between frames that a resumed connection sends again: their timestamp is the same. */
export class RepeatedTexts {
  readonly #keys = new Set<string>()

  /** Whether this text was seen before; remembers it. */
  has(text: string, stamp: string): boolean {
    const key = `${stamp} ${text.length} ${text.slice(0, 32)}`
    if (stamp !== '' && this.#keys.has(key)) return true
    this.#keys.add(key)
    for (const oldest of this.#keys) {
      if (this.#keys.size <= maxTexts) break
      this.#keys.delete(oldest)
    }
    return false
  }
}
