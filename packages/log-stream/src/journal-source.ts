/** Another place where the launcher's frames can be read: the same frames, the same numbers. */
export interface JournalSource {
  /** Yields bytes that hold the frames from `fromSeq` to `toSeq` (inclusive; to the end when left out), in order. */
  read(o: { fromSeq: number; toSeq?: number; signal: AbortSignal }): AsyncIterable<Uint8Array>
}
