import type { ServerAdapterModule } from '@paperclipai/adapter-utils'
import type { AgentDefinition } from '@agent-jobs/adapter-kit'
import type { AdapterDependencies } from '@agent-jobs/adapter-kit'

/** What tests need to run the real program of an agent against the scripted model. */
export interface ConformanceAgent {
  definition: Pick<AgentDefinition, 'type' | 'conversationType' | 'jobNamePrefix' | 'containerName'>
  adapter(deps: AdapterDependencies): ServerAdapterModule
  /** The agent's program on this machine. */
  program: string
  /** Image on a real cluster that contains the agent. Default: `local/agent:1`. */
  image?: string
  /** Environment of the Paperclip server. */
  serverEnv: Record<string, string>
  /** Configuration with which the agent calls the model at this URL; `shell` is a bash for images without one. */
  config(url: string, shell: string | null): Record<string, unknown>
  /** What must never be disclosed: the keys of the model and of the server. */
  secrets: RegExp
  /** Text that only the first line of a run's output contains. */
  firstLine: string
  /** The exit code of a run that was asked to stop; 143 if the agent leaves SIGTERM to its default. */
  stoppedExitCode?: number
  /** The billing fields of every result. */
  billing: Record<string, unknown>
  /** The id of a session that does not exist. */
  unknownSession(): string
  /** Scenarios that fail, with the error code and family of the result. */
  refusals: readonly (readonly [scenario: string, errorCode: string, errorFamily: string | null])[]
  /** Settings with which the agent recognizes the model's text for a used-up quota, if it has any. */
  quota?: Record<string, unknown>
}
