import { existsSync } from 'node:fs'
import type { ServerAdapterModule } from '@paperclipai/adapter-utils'
import type { AgentDefinition } from './agent/agent-definition.ts'
import type { AgentSummary } from './agent/agent-summary.ts'
import { systemClock } from './clock.ts'
import { createClusterPool } from './cluster/cluster-pool.ts'
import { testEnvironment } from './environment/test-environment.ts'
import { skillSnapshot } from './prompt/skills.ts'
import type { AdapterDependencies } from './run/adapter-dependencies.ts'
import { executeRun } from './run/execute-run.ts'
import { sessionCodec } from './session/session-params.ts'
import { configForm } from './settings/config-form.ts'

/** The dependencies of a real server: its environment, its clock, its disk. */
export function systemDependencies(overrides: Partial<AdapterDependencies> = {}): AdapterDependencies {
  const env = overrides.env ?? process.env
  const onWarning = overrides.onWarning ?? ((message: string) => process.emitWarning(message, 'AgentJobsWarning'))
  return {
    env,
    clock: systemClock,
    clusters: createClusterPool({ env, onWarning }),
    fetch: globalThis.fetch,
    serverPath: (path) => (existsSync(path) ? path : null),
    followed: new Set(),
    reported: new Set(),
    onWarning,
    ...overrides,
  }
}

/** Makes a whole Paperclip adapter of what is particular to an agent. */
export function createAdapter<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  definition: AgentDefinition<Schema, Summary>,
  deps: AdapterDependencies = systemDependencies(),
): ServerAdapterModule {
  return {
    type: definition.type,
    execute: (ctx) => executeRun(definition, deps, ctx),
    testEnvironment: (ctx) => testEnvironment(definition, deps, ctx),
    listSkills: (ctx) => skillSnapshot(ctx, definition.label),
    syncSkills: (ctx) => skillSnapshot(ctx, definition.label),
    sessionCodec,
    models: definition.models,
    agentConfigurationDoc: definition.documentation,
    getConfigSchema: () => configForm(definition.schema),
    supportsLocalAgentJwt: true,
    supportsInstructionsBundle: true,
    instructionsPathKey: 'instructionsFilePath',
    requiresMaterializedRuntimeSkills: true,
    runtimeToolDelivery: definition.runtimeToolDelivery,
  }
}
