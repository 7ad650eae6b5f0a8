import type { AdapterExecutionContext, AdapterModel, AdapterRuntimeToolDelivery } from '@paperclipai/adapter-utils'
import type { z } from 'zod'
import type { Permission } from '../environment/permissions.ts'
import type { Isolation } from '../plan/isolation.ts'
import type { RunContext } from '../plan/run-context.ts'
import type { McpServers } from '../paperclip-api/mcp-servers.ts'
import type { commonSettings } from '../settings/common-settings.ts'
import type { Agent, AgentSummary } from '@agent-jobs/agent-run'

/** The settings that every agent has. */
export type CommonSettings = z.output<z.ZodObject<typeof commonSettings>>

/** A file that the launcher writes in the pod before the agent starts; its content travels in the run's Secret. */
export interface AgentFile {
  path: string
  content: string
  mode?: number
}

/** Looks at the shared volume by the paths that the agent's pod sees. */
export interface VolumeView {
  /** False when the server cannot see what lies at this path of the pod. */
  covers(path: string): boolean
  /** Size in bytes, null when the file does not exist. */
  size(path: string): Promise<number | null>
  /** Names in a directory, empty when there is none. */
  names(path: string): Promise<string[]>
  /** Content of a text file of at most 1 MiB, null when there is none. */
  text(path: string): Promise<string | null>
}

/** What an agent is prepared from. */
export interface PrepareInput<Settings extends CommonSettings = CommonSettings> {
  ctx: AdapterExecutionContext
  run: RunContext
  settings: Settings
  /** The session to continue, null for a fresh one. */
  resume: string | null
  /** Where the data volume is mounted, or would be. */
  volumeRoot: string
  /** HOME of the agent. */
  home: string
  /** Folder of files that all agents of the company share, such as a login. */
  companyHome: string
  cwd: string
  /** Folder of what belongs to this agent alone, on the data volume or else in the pod. */
  stateDirectory: string
  /** Folder for files of this run alone, in the pod. */
  runDirectory: string
  /** Skills and instructions as the pod sees them. */
  bundle: { directory: string | null; instructionsFile: string | null }
  isolation: Isolation
  mcpServers: McpServers
  /** What the agent will see of the server's and the user's variables; the value is null where it is a reference. */
  env: Readonly<Record<string, string | null>>
  volume: VolumeView
}

/** A volume of one agent, created when missing. It outlives the runs; no run deletes it. */
export interface AgentVolumeClaim {
  name: string
  mountPath: string
  /** Kubernetes quantity, for example `1Gi`. */
  storage: string
  /** Default: the cluster's default class. */
  storageClassName?: string
  labels?: Record<string, string>
}

/** An agent's command line and what it needs in place. */
export interface PreparedAgent {
  argv: string[]
  /** Wins over every other variable. */
  env: Record<string, string>
  files: AgentFile[]
  /** Folders of the data volume that it needs besides those of its company and task. */
  volumeFolders?: readonly string[]
  /** Volumes of the agent's own, besides the data volume. */
  volumeClaims?: AgentVolumeClaim[]
  /** Precedes the prompt: instructions and skills of agents that have no other way to receive them. */
  lead?: string[]
  /** Sentences for the run's invocation record and warnings for its log. */
  notes: string[]
  warnings: string[]
}

/** Who is paid for a run. */
export interface Billing {
  provider: string
  biller: string
  billingType: 'api' | 'subscription' | 'metered_api' | 'unknown'
}

/** What a run cost, and the source of that figure. */
export type RunCost =
  | { costSource: 'agent'; costUsd: number }
  /** The agent reports no price; this is the cost of its tokens by a price list. */
  | { costSource: 'price_list'; costUsd: number; priceList: { source: string; date: string } }
  | { costSource: 'unknown'; costUsd: null }

/** An error code that one agent alone has. */
export interface OwnError {
  means: string
  todo: string
  /** True when the session cannot be continued: the next run of the task starts a new one. */
  clearsSession?: boolean
  /** True when the same run may well succeed a little later. */
  mayPass?: boolean
}

/** An agent as a Paperclip adapter: what differs between agents. The rest is the same for all and lives in this package. */
export interface AgentDefinition<
  Schema extends z.ZodObject<typeof commonSettings> = z.ZodObject<typeof commonSettings>,
  Summary extends AgentSummary = AgentSummary,
> extends Agent<Summary> {
  /** Adapter type: registry key, label value, key of the task sessions. */
  readonly type: string
  /**
   * The built-in type whose conversation rules a lost run follows. Paperclip keeps a task wakeable after a lost run only
   * for its built-in types; it learns the type from the run's invocation record.
   */
  readonly conversationType: string
  readonly jobNamePrefix: string
  readonly containerName: string
  /** Folder below the company's, where bundles of skills and instructions are kept. */
  readonly bundleFolder: string
  readonly schema: Schema
  readonly runtimeToolDelivery: AdapterRuntimeToolDelivery
  readonly documentation: string
  readonly models: AdapterModel[]
  /** Asks the provider, or the agent in the agents' image, for its models. */
  listModels?(input: ModelInput): Promise<AdapterModel[]>
  /** True when `listModels` starts a pod: called once an hour, and callers do not wait long for it. */
  readonly modelsInImage?: boolean
  /** The agent's program in the image, for the environment test; the container's name by default. */
  executable?(settings: z.output<Schema>): string
  /** The oldest version of the program that these settings take, for the environment test; null when any will do. */
  minimumVersion?(settings: z.output<Schema>): string | null
  /** Switches on the agent's own OpenTelemetry spans, where the operator gives agents an endpoint. */
  readonly telemetryEnv?: Readonly<Record<string, string>>
  /** Additional permissions that the server needs with these settings. */
  extraPermissions?(settings: z.output<Schema>): readonly Permission[]
  /** True when a text can be an id of a session of this agent. */
  isSessionId(id: string): boolean
  /** True when a session continues only in the directory that it was made in. */
  readonly sessionBoundToDirectory: boolean
  /** Checks whether the session's own files exist. */
  findSession(input: SessionInput<z.output<Schema>>): Promise<'present' | 'absent' | 'unknown'>
  /**
   * The session's file where an earlier adapter kept it, and its place now, as paths of the pod; it is copied when the session
   * is absent.
   */
  earlierSession?(input: SessionInput<z.output<Schema>>): Promise<{ from: string; to: string } | null>
  prepare(input: PrepareInput<z.output<Schema>>): Promise<PreparedAgent>
  /** The names that users know for some of the parsers' error codes. */
  readonly errorNames: Readonly<Record<string, string>>
  /** Codes of this agent alone, besides the parsers' common ones. */
  readonly ownErrors?: Readonly<Record<string, OwnError>>
  /**
   * True for a line by which a program of the definition tells the parser what the agent does not print. Such lines on
   * standard error are not shown.
   */
  isReport?(line: string): boolean
  /** When a temporarily failed run may be retried, from the stream's own fields; ms since 1970. */
  retryAt?(summary: Summary): number | null
  billing(env: Readonly<Record<string, string | null>>, summary: Summary, settings: z.output<Schema>): Billing
  /** Numbers of the agent's result for Paperclip's record of the run, besides turns, duration and tool calls. */
  resultFacts?(summary: Summary): Readonly<Record<string, unknown>>
  /** What the run cost. Default: what the agent reports. */
  cost?(input: { summary: Summary; settings: z.output<Schema>; billing: Billing }): RunCost
}

/** Input for listing models. */
export interface ModelInput {
  env: Readonly<Record<string, string | undefined>>
  fetch: typeof fetch
  signal: AbortSignal
  /** The lines that a command prints in the image of the agents, with the variables that they inherit. */
  inImage(command: { argv: readonly string[]; env: Readonly<Record<string, string>> }): Promise<string[]>
}

/** Where to look for a session. */
export interface SessionInput<Settings extends CommonSettings = CommonSettings> {
  sessionId: string
  /** What identifies the task across runs. */
  taskId: string | null
  cwd: string
  volumeRoot: string
  home: string
  companyHome: string
  stateDirectory: string
  isolation: Isolation
  settings: Settings
  env: Readonly<Record<string, string | null>>
  volume: VolumeView
}
