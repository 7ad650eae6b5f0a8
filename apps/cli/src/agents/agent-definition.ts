import type { FinishRule } from '@agent-jobs/launcher'
import type { TranscriptEntry } from '../output/transcript-printer.ts'

/** What both parsers say of a run; the members that the command line shows. */
export interface AgentSummary {
  readonly sessionId: string | null
  readonly model: string | null
  readonly result: string | null
  readonly usage: unknown
  readonly costUsd: number | null
  readonly numTurns: number | null
  readonly durationMs: number | null
  readonly isError: boolean
  readonly errorCode: string | null
  readonly errorMessage: string | null
  readonly toolCalls: number
  readonly subagents: number
  readonly unknownEvents: number
}

/** How the agent's process ended, as far as it is known. */
export interface AgentEnd {
  readonly exitCode?: number | null
  readonly signal?: string | null
  readonly stderr?: string
}

/** Reads the output of one run. */
export interface AgentReader {
  feed(chunk: Uint8Array | string): void
  end(end?: AgentEnd): AgentSummary
}

/** What differs between the agents. */
export interface AgentDefinition {
  readonly name: string
  /** What a person calls it. */
  readonly title: string
  /** Package on npm that brings its command line. */
  readonly packageName: string
  /** The command; the prompt comes on stdin. */
  argv(options: { model?: string | undefined; extra: readonly string[] }): string[]
  /** Environment that every run gets; none of it is secret. */
  readonly env: Readonly<Record<string, string>>
  /** How the launcher sees the end of the work, should the process stay. */
  readonly finish: FinishRule
  /** Environment that points the agent to a model API that takes any key. */
  modelEnv(baseUrl: string): Record<string, string>
  /** The model to ask for there, where the agent must be told. */
  readonly scriptedModel?: string
  /** Variables of the caller that reach the real API. */
  readonly liveEnv: readonly string[]
  createReader(): AgentReader
  /** One line of stdout as transcript entries. */
  transcript(line: string, time: string): readonly TranscriptEntry[]
}
