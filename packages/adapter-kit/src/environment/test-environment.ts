import { errorMessage } from '@agent-jobs/primitives'
import type { AdapterEnvironmentTestContext, AdapterEnvironmentTestResult } from '@paperclipai/adapter-utils'
import { AdapterError } from '../adapter-error.ts'
import type { AgentDefinition } from '../agent/agent-definition.ts'
import type { AgentSummary } from '@agent-jobs/agent-run'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import { openSite } from '../plan/run-site.ts'
import { ownNamespace } from '../pod/self-pod.ts'
import { errorTable } from '../result/error-table.ts'
import { admitSettings } from '../policy/admit-settings.ts'
import { namespaceChecks, permissionChecks, secretChecks, volumeChecks, type Check } from './cluster-checks.ts'
import { probePod } from './probe-pod.ts'
import { serverChecks } from './server-checks.ts'

const timeoutMs = 30_000
const probeTimeoutMs = 180_000

function statusOf(checks: readonly Check[]): AdapterEnvironmentTestResult['status'] {
  if (checks.some(({ level }) => level === 'error')) return 'fail'
  return checks.some(({ level }) => level === 'warn') ? 'warn' : 'pass'
}

async function findings<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  definition: AgentDefinition<Schema, Summary>,
  deps: AdapterDependencies,
  { config, companyId }: Pick<AdapterEnvironmentTestContext, 'config' | 'companyId'>,
): Promise<Check[]> {
  const signal = AbortSignal.timeout(timeoutMs)
  const site = await openSite(definition, deps, config, signal)
  const checks: Check[] = [
    {
      code: 'k8s_api_reachable',
      level: 'info',
      message: `The Kubernetes API at ${site.cluster.client.server} answers.`,
    },
  ]
  const { inheritance } = site
  if (inheritance) {
    const withheld = inheritance.env.withheld.map(({ name }) => name)
    checks.push({
      code: 'k8s_self_pod',
      level: 'info',
      message: `Agent pods are made after ${inheritance.namespace}/${inheritance.podName} (container "${inheritance.container}", image ${site.settings.image ?? inheritance.image}).`,
      ...(withheld.length > 0 ? { detail: `Held back from agents: ${withheld.join(', ')}.` } : {}),
    })
  } else {
    checks.push({
      code: 'k8s_self_pod_missing',
      level: site.settings.image === undefined ? 'error' : 'warn',
      message:
        'The Paperclip server is not running in this cluster: there is no image, volume or environment to inherit.',
      hint: 'Set "image" and "workspaceVolumeClaim", or run the server as a pod.',
    })
  }
  checks.push(...serverChecks(deps.env))
  const hint = "Each run warns of it, too. Set in the agent's settings what the sentence names."
  checks.push(...site.warnings.map((message): Check => ({ code: 'k8s_configuration', level: 'warn', message, hint })))
  const groups = await Promise.all([
    permissionChecks(
      { ...site, serverNamespace: site.inheritance?.namespace ?? null },
      signal,
      definition.extraPermissions?.(site.settings),
    ),
    ...[namespaceChecks, volumeChecks, secretChecks].map((check) => check(site, signal)),
  ])
  checks.push(...groups.flat())
  if (!site.settings.environmentProbe) return checks
  const probe = await probePod(site, {
    deps,
    command: definition.executable?.(site.settings) ?? definition.containerName,
    minimumVersion: definition.minimumVersion?.(site.settings) ?? null,
    needsShell: definition.needsBash ?? false,
    adapterType: definition.type,
    companyId,
    signal: AbortSignal.timeout(probeTimeoutMs),
  })
  return [...checks, ...probe]
}

/** A server that may not read its own pod lacks other rights, too; all of them are reported at once. */
async function allPermissions<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  definition: AgentDefinition<Schema, Summary>,
  deps: AdapterDependencies,
  config: Record<string, unknown>,
): Promise<Check[]> {
  const { settings } = admitSettings(definition, deps.env, config)
  const cluster = deps.clusters.get(settings.kubeconfig)
  const serverNamespace = ownNamespace(deps.env, cluster.contextNamespace)
  const namespace = settings.namespace ?? serverNamespace
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    return await permissionChecks(
      { cluster, namespace, serverNamespace },
      signal,
      definition.extraPermissions?.(settings),
    )
  } catch (error) {
    return [
      {
        code: 'k8s_rbac_unknown',
        level: 'warn',
        message: `It cannot be asked which permissions are granted: ${errorMessage(error)}`,
        hint: 'Allow the server to create selfsubjectaccessreviews, as system:basic-user does.',
      },
    ]
  }
}

/** Tests whether an agent with this configuration can run, and says what to do if not. */
export async function testEnvironment<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  definition: AgentDefinition<Schema, Summary>,
  deps: AdapterDependencies,
  ctx: AdapterEnvironmentTestContext,
): Promise<AdapterEnvironmentTestResult> {
  let checks: Check[]
  try {
    checks = await findings(definition, deps, ctx)
  } catch (error) {
    const code = AdapterError.isInstance(error) ? error.code : 'k8s_api_unreachable'
    const hint = errorTable()[code]?.todo
    checks = [{ code, level: 'error', message: errorMessage(error), ...(hint === undefined ? {} : { hint }) }]
    if (code === 'k8s_forbidden') checks.push(...(await allPermissions(definition, deps, ctx.config)))
  }
  return {
    adapterType: ctx.adapterType,
    status: statusOf(checks),
    checks,
    testedAt: new Date(deps.clock.wallTime()).toISOString(),
  }
}
