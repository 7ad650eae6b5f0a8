import type { ServerAdapterModule } from '@paperclipai/adapter-utils'
import type { AgentDefinition } from '@agent-jobs/adapter-kit'
import type { AdapterDependencies } from '@agent-jobs/adapter-kit'

/** What tests must know of an agent to run it, the real program, against the scripted model. */
export interface ConformanceAgent {
  definition: Pick<
    AgentDefinition,
    'sessionBoundToDirectory' | 'type' | 'conversationType' | 'jobNamePrefix' | 'containerName'
  >
  adapter(deps: AdapterDependencies): ServerAdapterModule
  /** The agent's program on this machine. */
  program: string
  /** Image on a real cluster that holds the agent. Default: `local/agent:1`. */
  image?: string
  /** What the Paperclip server has in its environment. */
  serverEnv: Record<string, string>
  /** Configuration with which the agent asks the model below this URL; `shell` is bash where the image has none. */
  config(url: string, shell: string | null): Record<string, unknown>
  /** What must be told to nobody: the keys of the model and of the server. */
  secrets: RegExp
  /** What stands in the first line of a run's output and in no other line of it. */
  firstLine: string
  /** What every result says of who is paid. */
  billing: Record<string, unknown>
  /** The id of a session that nobody has. */
  unknownSession(): string
  /** Scenarios that fail, with the code and the family that the result has. */
  refusals: readonly (readonly [scenario: string, errorCode: string, errorFamily: string | null])[]
  /** Settings with which the agent takes the model's word for a spent quota, where it knows any. */
  quota?: Record<string, unknown>
}
