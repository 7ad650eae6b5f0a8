/** One step of a streamed answer: text for the wire, and whether it carries a piece of content. */
export interface StreamEvent {
  readonly data: string
  readonly piece: boolean
}
