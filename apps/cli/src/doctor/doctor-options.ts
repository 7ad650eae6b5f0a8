import type { AgentName } from '../agents/agent-names.ts'
import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import type { EnvironmentEntry } from '../input/environment-option.ts'

/** The flags of `agent-jobs doctor`. */
export interface DoctorOptions extends ClusterOptions {
  agent: AgentName
  image?: string
  paperclip?: boolean
  config?: string
  as?: string
  serviceAccount?: string
  fix?: boolean
  run?: boolean
  env?: EnvironmentEntry[]
  envFile?: string[]
  model?: string
  json?: boolean
}
