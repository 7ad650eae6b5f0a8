/** What a parser hands on of a line that came to harm. Lines count from 1. */
export type LineEvent =
  /** A last line that broke off: no newline, no valid JSON. */
  | { readonly kind: 'cut'; readonly line: number; readonly text: string }
  /** A line over the bound, dropped. */
  | { readonly kind: 'oversize'; readonly line: number; readonly bytes: number; readonly head: string }
