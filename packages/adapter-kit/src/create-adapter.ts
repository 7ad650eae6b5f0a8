import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { ServerAdapterModule } from '@paperclipai/adapter-utils'
import { resolvePaperclipInstanceRootForAdapter } from '@paperclipai/adapter-utils/server-utils'
import type { AgentDefinition } from './agent/agent-definition.ts'
import type { AgentSummary } from '@agent-jobs/agent-run'
import { errorMessage, systemClock } from '@agent-jobs/primitives'
import { createClusterPool } from './cluster/cluster-pool.ts'
import { processSpool } from './cluster/process-spool.ts'
import { testEnvironment } from './environment/test-environment.ts'
import { operatorLog, silentLog, type LogFields } from './observe/adapter-log.ts'
import { processObserver, silentObserver } from './observe/process-observer.ts'
import { processTracer } from './observe/process-tracer.ts'
import { createModelList } from './models/model-list.ts'
import { paperclipVersion } from './follow/paperclip-version.ts'
import { loadPolicy } from './policy/operator-policy.ts'
import { skillSnapshot } from './prompt/skills.ts'
import type { AdapterDependencies } from './adapter-dependencies.ts'
import { createLiveRecords, type LiveRecords } from './restart/live-records.ts'
import { holdCalls } from './restart/hold-calls.ts'
import { freshState, processState } from './restart/process-state.ts'
import { wakeOrphans } from './restart/wake-orphans.ts'
import { executeRun } from './run/execute-run.ts'
import { sessionCodec } from './session/session-params.ts'
import { configForm } from './settings/config-form.ts'

function warnOfProcess(message: string): void {
  process.emitWarning(message, 'AgentJobsWarning')
}

/** The dependencies on a real server: its environment, its clock, its disk. */
export function systemDependencies(overrides: Partial<AdapterDependencies> = {}): AdapterDependencies {
  const env = overrides.env ?? process.env
  const log = overrides.log ?? silentLog
  const onWarning = overrides.onWarning ?? warnOfProcess
  const observer = overrides.observer ?? silentObserver
  return {
    env,
    clock: systemClock,
    clusters: createClusterPool({ env, onWarning, observer, spool: processSpool({ env, onWarning }) }),
    fetch: globalThis.fetch,
    serverPath: (path) => (existsSync(path) ? path : null),
    state: freshState(),
    records: (adapterType) =>
      createLiveRecords(
        join(
          resolvePaperclipInstanceRootForAdapter({ env: env as NodeJS.ProcessEnv }),
          'data',
          'agent-jobs-live',
          adapterType,
        ),
      ),
    paperclipVersion: paperclipVersion(process.argv[1]),
    observer,
    log,
    tracer: processTracer({ env, clock: systemClock, onWarning }),
    onWarning,
    ...overrides,
  }
}

/** The type that Paperclip knows the adapter by. Its Jobs and records keep their own, so that either finds them. */
function registeredType(
  { type, conversationType }: Pick<AgentDefinition, 'type' | 'conversationType'>,
  { env, onWarning }: Pick<AdapterDependencies, 'env' | 'onWarning'>,
): string {
  try {
    return loadPolicy(env).replaceBuiltIn ? conversationType : type
  } catch (error) {
    // An adapter that fails to load would leave its agents to Paperclip's `process` adapter, on the server's host.
    onWarning(errorMessage(error))
    return type
  }
}

/** Creates a complete Paperclip adapter from an agent's definition. */
export function createAdapter<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  definition: AgentDefinition<Schema, Summary>,
  deps: AdapterDependencies = systemDependencies(),
): ServerAdapterModule {
  const models = createModelList(definition, deps)
  return {
    type: registeredType(definition, deps),
    execute: (ctx) => executeRun(definition, deps, ctx),
    testEnvironment: (ctx) => testEnvironment(definition, deps, ctx),
    listSkills: (ctx) => skillSnapshot(ctx, definition.title),
    syncSkills: (ctx) => skillSnapshot(ctx, definition.title),
    sessionCodec,
    models: definition.models,
    listModels: () => models.list(),
    refreshModels: () => models.refresh(),
    agentConfigurationDoc: definition.documentation,
    getConfigSchema: () => configForm(definition.schema),
    supportsLocalAgentJwt: true,
    supportsInstructionsBundle: true,
    instructionsPathKey: 'instructionsFilePath',
    requiresMaterializedRuntimeSkills: true,
    runtimeToolDelivery: definition.runtimeToolDelivery,
  }
}

/**
 * On startup, once per process, reattaches to Jobs left by a previous server process. Code loaded by a reload while runs
 * are in progress wakes no agents.
 */
async function takeBackOrphans({ type }: Pick<AgentDefinition, 'type'>, deps: AdapterDependencies): Promise<void> {
  if (deps.state.swept.has(type)) return
  deps.state.swept.add(type)
  const records = deps.records(type)
  if (records === null) return
  try {
    await wakeAndHandOver(deps, records)
  } catch (error) {
    deps.onWarning(`Jobs of an earlier life could not be taken back: ${errorMessage(error)}`, {
      code: 'reattach_failed',
    })
  }
}

// A woken agent's run starts within seconds; one that does not start must not block the calls of the agent's pod for long.
const adoptionMs = 60_000

/** Wakes the agents of the Jobs that are left, whose calls wait until their new runs have adopted them. */
async function wakeAndHandOver(deps: AdapterDependencies, records: LiveRecords): Promise<void> {
  const held = await holdCalls(deps, records)
  try {
    const woken = await wakeOrphans(deps, records, new AbortController().signal)
    const awaited = new Set(woken.flatMap(({ job, result }) => (result === 'woken' ? [job] : [])))
    await held.release(awaited)
    if (awaited.size > 0) await deps.clock.sleep(adoptionMs)
  } finally {
    await held.release()
  }
}

/** What a package's `createServerAdapter` returns: the adapter on a real server; reattaches to Jobs left before. */
export function serverAdapter<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  definition: AgentDefinition<Schema, Summary>,
): ServerAdapterModule {
  const { env } = process
  const log = operatorLog({ env, now: systemClock.wallTime, stderr: process.stderr, onProblem: warnOfProcess })
  const onWarning =
    log === null ? warnOfProcess : (message: string, about?: LogFields) => log.write('warning', { ...about, message })
  const observer = processObserver({ env, onWarning })
  const deps = systemDependencies({ state: processState(), observer, onWarning, ...(log === null ? {} : { log }) })
  // Owned by the server: it finishes on its own and reports failures as process warnings.
  queueMicrotask(() => takeBackOrphans(definition, deps))
  return createAdapter(definition, deps)
}
