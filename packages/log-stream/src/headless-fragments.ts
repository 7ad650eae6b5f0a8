/** What is known about a fragment: whether it was reported, and whether the whole file may have its line. */
export interface FragmentJudgement {
  isRepeated: boolean
  mayBeWholeInFile: boolean
}

/**
 * Ends of long lines whose beginning the server left out: the kubelet filters a long line part by part
 * (docs/kubernetes-facts.md#long-lines-in-a-log).
 */
export class HeadlessFragments {
  /** Each connection that begins at the same time sends the same one again. */
  #latest = ''
  /** The last one that the whole file had, too: reading the file again does not help. */
  #inWholeFile = ''

  judge(text: string, isWholeFile: boolean): FragmentJudgement {
    const isRepeated = this.#latest === text
    this.#latest = text
    if (isWholeFile) this.#inWholeFile = text
    return { isRepeated, mayBeWholeInFile: !isWholeFile && this.#inWholeFile !== text }
  }
}
