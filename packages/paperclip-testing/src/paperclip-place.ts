import type { KubeClient } from '@agent-jobs/kube-api'
import type { ServerAdapterModule } from '@paperclipai/adapter-utils'
import type { AdapterDependencies } from '@agent-jobs/adapter-kit'
import type { ToldModel } from './told-model.ts'

/** A Paperclip server's place on a cluster: its own pod, its data volume, a model for its agents. */
export interface PaperclipPlace {
  client: KubeClient
  namespace: string
  model: ToldModel
  /** Path of the data volume for this process. */
  folder: string
  /** Path of the data volume in pods. */
  mountPath: string
  deps: AdapterDependencies
  adapter(overrides?: Partial<AdapterDependencies>): ServerAdapterModule
  /** The configuration of an agent that runs a scenario. */
  config(scenario: string, extra?: Record<string, unknown>): Record<string, unknown>
  close(): Promise<void>
}
