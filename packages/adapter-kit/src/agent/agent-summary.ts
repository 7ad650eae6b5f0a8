/** Tokens of one run, complete and of this run alone. */
export interface AgentUsage {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cacheReadInputTokens: number
  readonly cacheCreationInputTokens: number
}

/** What every parser says about a run at its end; both stream parsers' summaries have this shape. */
export interface AgentSummary {
  readonly sessionId: string | null
  readonly model: string | null
  /** The agent's last word, null when there is none. */
  readonly result: string | null
  readonly usage: AgentUsage
  readonly costUsd: number | null
  readonly isError: boolean
  /** Why the run failed, in the parsers' common vocabulary; null on success. */
  readonly errorCode: string | null
  readonly errorMessage: string | null
  /** The agent said that its work is done and nothing of it is pending. */
  readonly finished: boolean
}

/** How the process ended, as far as the parser cares. */
export interface AgentEnding {
  exitCode?: number | null
  signal?: string | null
  stderr?: string
}

/** A parser of one run's stdout. */
export interface AgentParser<Summary extends AgentSummary = AgentSummary> {
  /** Takes a piece of stdout, cut anywhere. */
  feed(text: string): void
  /** The agent said that its work is done and nothing of it is pending. */
  readonly finished: boolean
  /** Ends the run and judges it. */
  end(ending?: AgentEnding): Summary
}
