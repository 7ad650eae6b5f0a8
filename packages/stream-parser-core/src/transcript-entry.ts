// Types and not interfaces: only types fit a consumer's index signature.
/** What every entry has. */
export type Entry<Kind extends string> = {
  readonly kind: Kind
  /** When it was printed, as the caller says. */
  readonly ts: string
}

/** The entries that both agents have, told apart by `kind`. */
export type CommonEntry =
  | (Entry<'assistant'> & { readonly text: string })
  | (Entry<'thinking'> & { readonly text: string })
  | (Entry<'user'> & { readonly text: string })
  | (Entry<'tool_call'> & { readonly name: string; readonly input: unknown; readonly toolUseId: string })
  | (Entry<'result'> & {
      readonly text: string
      readonly inputTokens: number
      readonly outputTokens: number
      readonly cachedTokens: number
      readonly costUsd: number
      readonly subtype: string
      readonly isError: boolean
      readonly errors: string[]
    })
  | (Entry<'system'> & { readonly text: string })
  | (Entry<'stdout'> & { readonly text: string })
  | (Entry<'stderr'> & { readonly text: string })
