/** Another place to read the launcher's frames from: the same frames, the same numbers. */
export interface JournalSource {
  /** Yields bytes that contain the frames from `fromSeq` to `toSeq` (inclusive; by default to the end), in order. */
  read(o: { fromSeq: number; toSeq?: number; signal: AbortSignal }): AsyncIterable<Uint8Array>
}
