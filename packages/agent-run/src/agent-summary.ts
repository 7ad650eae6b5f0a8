/** Tokens of one run, complete and of this run alone. */
export interface AgentUsage {
  readonly inputTokens: number
  readonly outputTokens: number
  readonly cacheReadInputTokens: number
  readonly cacheCreationInputTokens: number
}

/** What every parser reports about a run; the summaries of the stream parsers have this shape. */
export interface AgentSummary {
  readonly sessionId: string | null
  readonly model: string | null
  /** The agent's answer, null when there is none. */
  readonly result: string | null
  readonly usage: AgentUsage
  /**
   * `session_cumulative` where the tokens are those of the whole session, because its earlier total is not known; they are
   * those of this run otherwise.
   */
  readonly usageBasis?: string
  readonly costUsd: number | null
  readonly isError: boolean
  /** Why the run failed, in the parsers' common vocabulary; null on success. */
  readonly errorCode: string | null
  readonly errorMessage: string | null
  /** The agent reported that its work is done, and nothing of it is pending. */
  readonly finished: boolean
  /**
   * The run shows that its conversation cannot go on: the next one has to start a new session. Missing where the parser
   * does not know.
   */
  readonly clearSession?: boolean
  /** Answers of the model. */
  readonly numTurns?: number | null
  readonly durationMs?: number | null
  readonly toolCalls?: number
  readonly subagents?: number
  /** Lines of a kind that the parser does not know. */
  readonly unknownEvents?: number
}

/** How the agent's process ended, as far as it is known. */
export interface AgentEnding {
  readonly exitCode?: number | null
  readonly signal?: string | null
  /** The last of its standard error. */
  readonly stderr?: string
  /** Why the launcher ended it, where it did: `loop_limit` when the agent repeated itself without progress. */
  readonly stoppedBy?: string | null | undefined
}

/** A parser of one run's standard output. */
export interface AgentParser<Summary extends AgentSummary = AgentSummary> {
  /** Takes a piece of output, cut anywhere. */
  feed(chunk: Uint8Array | string): void
  /** Takes one whole line, or the rest of the line that was fed. */
  line(text: string): void
  /** The agent reported that its work is done, and nothing of it is pending. */
  readonly finished: boolean
  /** Ends the output and judges the run by it, and by how the process ended where that is given. May be called again. */
  end(ending?: AgentEnding): Summary
}

/** One entry of a transcript for people, told apart by `kind`; its other members depend on it. */
export interface TranscriptEntry {
  readonly kind: string
  readonly [member: string]: unknown
}
