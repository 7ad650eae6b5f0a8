export { AdapterError } from './adapter-error.ts'
export type { AdapterDependencies } from './adapter-dependencies.ts'
export type {
  AgentVolumeClaim,
  AgentDefinition,
  AgentFile,
  Billing,
  ModelInput,
  OwnError,
  PreparedAgent,
  PrepareInput,
  RunCost,
  SessionInput,
  VolumeView,
} from './agent/agent-definition.ts'
export { listedCost } from './cost/listed-cost.ts'
export { modelCatalogue } from './cost/model-catalogue.ts'
export { createClusterPool, type ClusterPool } from './cluster/cluster-pool.ts'
export { createAdapter, serverAdapter, systemDependencies } from './create-adapter.ts'
export type { McpServers } from './paperclip-api/mcp-servers.ts'
export type { Isolation } from './plan/isolation.ts'
export type { RunContext } from './plan/run-context.ts'
export { errorTable, type ErrorRow } from './result/error-table.ts'
