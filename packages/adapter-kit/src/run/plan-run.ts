import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import type { z } from 'zod'
import { AdapterError } from '../adapter-error.ts'
import type { AgentDefinition, CommonSettings, VolumeView } from '../agent/agent-definition.ts'
import type { AgentSummary } from '../agent/agent-summary.ts'
import type { Cluster } from '../cluster/cluster-pool.ts'
import type { EnvPolicy } from '../pod/env-policy.ts'
import type { PodInheritance } from '../pod/inherit-from-pod.ts'
import { narrowSources, ownNamespace, readSelfPod } from '../pod/self-pod.ts'
import { isRecord } from '../settings/loose-text.ts'
import { requireSettings } from '../settings/read-settings.ts'
import { createVolumeView } from '../volume/volume-view.ts'
import type { AdapterDependencies } from './adapter-dependencies.ts'
import { configuredVariables } from './agent-env.ts'
import { podApiUrl } from './api-url.ts'
import { dataClaim } from './build-request.ts'
import { readIsolation, type Isolation } from './isolation.ts'
import { labelValue } from './labels.ts'
import { runPlaces, type RunPlaces } from './places.ts'
import { readRunContext, type RunContext } from './run-context.ts'

/** What is decided before anything is created: who runs, where, with what. */
export interface RunPlan<Settings extends CommonSettings = CommonSettings> {
  settings: Settings
  run: RunContext
  isolation: Isolation
  cluster: Cluster
  namespace: string
  inheritance: PodInheritance | null
  references: PodInheritance['env']['references']
  volume: VolumeView & { resolve(path: string): string | null }
  places: RunPlaces
  apiUrl: string | null
  /** What the agent will see of others' variables; null where the value is a reference. */
  visibleEnv: Record<string, string | null>
  /** The lock: at most one live run for each key. */
  key: string
  warnings: string[]
}

function policyOf(settings: CommonSettings, env: AdapterDependencies['env']): EnvPolicy {
  const fromServer = (env['AGENT_ENV_ALLOWLIST'] ?? '').split(',').map((name) => name.trim())
  return {
    allow: [...settings.inheritedEnvAllow, ...fromServer.filter((name) => name !== '')],
    deny: settings.inheritedEnvDeny,
  }
}

/** An environment that Paperclip chose for the run may name another cluster, namespace or claim. */
function environmentOverrides(ctx: AdapterExecutionContext): Record<string, unknown> {
  const target: unknown = ctx.executionTarget
  if (!isRecord(target) || target['transport'] !== 'k8s' || !isRecord(target['config'])) return {}
  return Object.fromEntries(
    Object.entries(target['config']).filter(([, value]) => value !== null && value !== undefined),
  )
}

function isolationDescriptor(config: Record<string, unknown>, settings: CommonSettings): unknown {
  return settings.k8sRunIsolation ?? config['runIsolation'] ?? config['isolation']
}

/** Plans a run. Reads the server's own pod; creates nothing. */
export async function planRun<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  definition: AgentDefinition<Schema, Summary>,
  deps: AdapterDependencies,
  ctx: AdapterExecutionContext,
  signal: AbortSignal,
): Promise<RunPlan<z.output<Schema>>> {
  const config = { ...ctx.config, ...environmentOverrides(ctx) }
  const settings = requireSettings(definition.schema, config)
  const run = readRunContext(ctx)
  const agentLabel = labelValue(run.agentId)
  if (agentLabel === null) {
    throw new AdapterError(
      'k8s_agent_id_invalid',
      `Agent ID "${run.agentId}" cannot be sanitized to a valid Kubernetes label`,
    )
  }
  const isolation = readIsolation(isolationDescriptor(config, settings), run.runId)
  const cluster = deps.clusters.get(settings.kubeconfig)
  const serverNamespace = ownNamespace(deps.env, cluster.contextNamespace)
  const namespace = settings.namespace ?? serverNamespace
  const dataMountPath = (settings.workspaceMountPath ?? '/paperclip').replace(/(?<=.)\/+$/, '')
  const policy = policyOf(settings, deps.env)
  const inheritance = await readSelfPod({
    client: cluster.client,
    env: deps.env,
    namespace: serverNamespace,
    policy,
    // The server's own mount is at /paperclip, wherever the agents' is.
    dataMountPath: '/paperclip',
    signal,
  })
  const warnings: string[] = []
  let references: RunPlan['references'] = []
  if (inheritance && inheritance.namespace === namespace) {
    const narrowed = await narrowSources({ client: cluster.client, namespace, env: inheritance.env, policy, signal })
    const own = new Set(inheritance.env.references.map(({ name }) => name))
    references = [...inheritance.env.references, ...narrowed.references.filter(({ name }) => !own.has(name))]
    warnings.push(...narrowed.warnings)
  } else if (inheritance && (inheritance.env.references.length > 0 || inheritance.dataClaim)) {
    warnings.push(
      `Agent pods run in namespace "${namespace}" and the Paperclip server in "${inheritance.namespace}": its data volume, Secrets and pull secrets cannot be inherited.`,
    )
  }
  const claim = dataClaim(settings, inheritance, namespace)
  if (claim === null)
    warnings.push(
      'There is no data volume: the agent starts without memory, skills and workspace, and no session can be resumed.',
    )
  const places = runPlaces({
    run,
    settings,
    isolation,
    hasVolume: claim !== null,
    dataMountPath,
    env: deps.env,
    bundleFolder: definition.bundleFolder,
  })
  const configured = configuredVariables(settings.env)
  const { url, warning } = podApiUrl({
    setting: settings.paperclipApiUrl,
    configured: configured['PAPERCLIP_API_URL'] ?? null,
    env: deps.env,
    serverPodIp: inheritance?.podIp ?? null,
  })
  if (warning !== null) warnings.push(warning)
  const visibleEnv: Record<string, string | null> = {
    ...Object.fromEntries(references.map(({ name }) => [name, null])),
    ...inheritance?.env.plain,
    ...inheritance?.env.sensitive,
    ...configured,
  }
  const isolationKey = isolation.keyHash === null ? '' : `:${isolation.mode}:${isolation.keyHash}`
  return {
    settings,
    run,
    isolation,
    cluster,
    namespace,
    inheritance,
    references,
    volume: createVolumeView({
      mountPath: dataMountPath,
      serverPath: claim === null ? null : deps.serverPath(dataMountPath),
    }),
    places,
    apiUrl: url,
    visibleEnv,
    key: `${definition.type}:${run.agentId}${isolationKey}`,
    warnings,
  }
}
