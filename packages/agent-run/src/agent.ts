import type { RunRequest } from '@agent-jobs/k8s-job-runner'
import type { AgentParser, AgentSummary, TranscriptEntry } from './agent-summary.ts'

/** A coding agent: how its program is started without a terminal, and how its output is read. */
export interface Agent<Summary extends AgentSummary = AgentSummary> {
  /** Short name, such as `claude`. It labels the Jobs and selects the agent on a command line. */
  readonly name: string
  /** The name that people know, such as `Claude Code`. It starts sentences in error messages. */
  readonly title: string
  /** Package on npm that installs the program; absent when there is none. */
  readonly packageName?: string | undefined
  /** The command line of one run. The prompt is passed on standard input. */
  argv(options: { model?: string | undefined; extra: readonly string[] }): string[]
  /** The arguments that continue a session, null for a text that cannot be its id; absent if the agent cannot do it. */
  resumeArguments?(sessionId: string): readonly string[] | null
  /** The arguments that make the answer match a JSON schema; absent if the agent cannot do it. */
  schemaArguments?(schema: string): readonly string[]
  /** True when the agent runs commands by bash or zsh only. */
  readonly needsBash?: boolean
  /** A wait at the start that users can skip with a variable. */
  readonly slowStart?: { readonly skippedBy: string; readonly message: string }
  /** Variables that every run gets; none of them is secret. */
  readonly env: Readonly<Record<string, string>>
  /** How the launcher itself recognises the end of the work when the process stays. */
  readonly finish?: RunRequest['command']['finish']
  /** Makes the parser of one run's standard output. `resumed`: the session had used tokens before the run. */
  createParser(run?: { readonly resumed: boolean }): AgentParser<Summary>
  /** The transcript entries of one line of standard output; `time` is an ISO 8601 date. */
  transcript(line: string, time: string): readonly TranscriptEntry[]
  /** Variables of the caller that hold credentials or addresses of the model API. */
  readonly credentialEnv: readonly string[]
  /** Points the agent at a model API that accepts any key, for demos and tests. */
  readonly scriptedModel?: { env(baseUrl: string): Record<string, string>; readonly model?: string } | undefined
}
