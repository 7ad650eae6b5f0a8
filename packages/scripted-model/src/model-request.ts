/** The wire formats that the server speaks: Anthropic Messages, OpenAI chat completions and OpenAI Responses. */
export type ModelApi = 'messages' | 'chat' | 'responses'

/** What a scenario may know of a request, the same for every wire format. */
export interface ModelRequest {
  readonly api: ModelApi
  readonly model: string
  readonly stream: boolean
  /** Names of the tools that the caller offers. */
  readonly tools: readonly string[]
  /** The person's last prompt, without what the CLI wrapped around it. */
  readonly prompt: string
  /** How many prompts the conversation holds; 1 in a fresh session. */
  readonly turn: number
  /** How many rounds of tool results came since that prompt. */
  readonly step: number
  /** The texts of the tool results of the last round, in order. */
  readonly toolResults: readonly string[]
  /** Id of a command that outlived its time to answer and is still running; null if there is none. */
  readonly running: number | null
  /** True for requests on the side, such as the one for a title: they offer no tools. */
  readonly side: boolean
  readonly tokens: InputTokens
}

/** Input tokens as a provider bills them: fresh ones, and those written to or read from its prompt cache. */
export interface InputTokens {
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite: number
}
