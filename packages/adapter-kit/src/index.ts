export { AdapterError } from './adapter-error.ts'
export type {
  AgentClaim,
  AgentDefinition,
  AgentFile,
  Billing,
  CommonSettings,
  ModelInput,
  OwnError,
  PreparedAgent,
  PrepareInput,
  RunCost,
  SessionInput,
  VolumeView,
} from './agent/agent-definition.ts'
export {
  dedicatedClaimPermissions,
  permissions,
  roleRules,
  roleYaml,
  type Permission,
} from './environment/permissions.ts'
export { listedCost, priceOf, type PricedTokens } from './cost/listed-cost.ts'
export { modelCatalogue, type ModelCatalogue, type ModelLimit, type ModelPrice } from './cost/model-catalogue.ts'
export { errorTable, type ErrorRow } from './result/error-table.ts'
export { createClusterPool, type Cluster, type ClusterPool } from './cluster/cluster-pool.ts'
export { createAdapter, serverAdapter, systemDependencies } from './create-adapter.ts'
export { freshState, type ProcessState } from './restart/process-state.ts'
export type { AdapterDependencies } from './adapter-dependencies.ts'
export type { Isolation } from './plan/isolation.ts'
export type { McpServers } from './paperclip-api/mcp-servers.ts'
export type { RunContext, RunWorkspace } from './plan/run-context.ts'
export { commonSettings } from './settings/common-settings.ts'
export { configForm, operatorTable, settingEntries, settingsTable, type SettingEntry } from './settings/config-form.ts'
export { readSettings, requireSettings, type SettingProblem, type SettingsResult } from './settings/read-settings.ts'
export { admitSettings, serverFacts, type AdmittedSettings } from './policy/admit-settings.ts'
export { loadPolicy, parsePolicy, type OperatorPolicy } from './policy/operator-policy.ts'
export { barred, barredInCluster, open, type OperatorRule, type ServerFacts } from './policy/operator-rule.ts'
export {
  alias,
  choice,
  list,
  longText,
  number,
  pairs,
  quantity,
  record,
  setting,
  text,
  toggle,
  tolerations,
  type SettingMeta,
} from './settings/setting-types.ts'
export type { Toleration } from './settings/tolerations.ts'
