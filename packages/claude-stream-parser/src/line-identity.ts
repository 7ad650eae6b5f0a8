/** What every line of Claude Code carries. */
export interface LineIdentity {
  /** Unique for each line; the only thing to key on. */
  readonly uuid: string
  readonly session_id: string
}

/** A `system` line of that subtype. */
export interface SystemLine<Subtype extends string> extends LineIdentity {
  readonly type: 'system'
  readonly subtype: Subtype
}
