import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import { parseObject } from '@paperclipai/adapter-utils/server-utils'
import type { z } from 'zod'
import { AdapterError } from '../adapter-error.ts'
import type { AgentDefinition, CommonSettings } from '../agent/agent-definition.ts'
import type { AgentSummary } from '@agent-jobs/agent-run'
import { isRecord } from '../settings/loose-text.ts'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import { githubCapability } from '../git/github-capability.ts'
import { withoutServerGit } from '../git/server-git.ts'
import { readIsolation, type Isolation } from './isolation.ts'
import { labelValue } from '../pod/labels.ts'
import { withoutManagedAiHome } from './managed-ai.ts'
import { runPlaces, type RunPlaces } from './places.ts'
import { resolvedSecrets } from './resolved-secrets.ts'
import { readRunContext, type RunContext } from './run-context.ts'
import { offeredSession } from '../session/decide-resume.ts'
import type { SessionParams } from '../session/session-params.ts'
import { openSite, type RunSite } from './run-site.ts'

/** What is decided before anything is created: who runs, where, with what. */
export interface RunPlan<Settings extends CommonSettings = CommonSettings> extends RunSite<Settings> {
  run: RunContext
  isolation: Isolation
  places: RunPlaces
  /** The session that Paperclip offers; null for none. */
  offeredSession: SessionParams | null
  /** Values that Paperclip read from its secrets; they must not appear in the log. */
  resolvedSecrets: readonly string[]
  /** The run's right to ask Paperclip for GitHub credentials; null where it manages none. */
  githubCapability: string | null
  /** The lock: at most one live run for each key. */
  key: string
}

/** An environment that Paperclip chose for the run may name another cluster, namespace or claim. */
function environmentOverrides(ctx: AdapterExecutionContext): Record<string, unknown> {
  const target: unknown = ctx.executionTarget
  if (!isRecord(target) || target['transport'] !== 'k8s' || !isRecord(target['config'])) return {}
  return Object.fromEntries(
    Object.entries(target['config']).filter(([, value]) => value !== null && value !== undefined),
  )
}

function gitWarnings(withheld: readonly string[]): string[] {
  if (withheld.length === 0) return []
  return [
    `Not passed on: ${withheld.join(', ')} of the Paperclip server. To give agents access to GitHub, connect it in Paperclip, set the variable in the agent's "env", or let the operator policy allow it ("inheritedEnvAllow").`,
  ]
}

/** Plans a run. Reads the server's own pod; creates nothing. */
export async function planRun<Schema extends AgentDefinition['schema'], Summary extends AgentSummary>(
  definition: AgentDefinition<Schema, Summary>,
  deps: AdapterDependencies,
  ctx: AdapterExecutionContext,
  signal: AbortSignal,
): Promise<RunPlan<z.output<Schema>>> {
  const git = withoutServerGit({
    configured: ctx.config['env'],
    own: parseObject(ctx.agent.adapterConfig)['env'],
    server: deps.env,
  })
  const config = { ...ctx.config, env: withoutManagedAiHome(git.env), ...environmentOverrides(ctx) }
  const run = readRunContext(ctx)
  if (labelValue(run.agentId) === null) {
    throw new AdapterError(
      'k8s_agent_id_invalid',
      `Agent ID "${run.agentId}" cannot be sanitized to a valid Kubernetes label`,
    )
  }
  const site = await openSite(definition, deps, config, signal)
  const { settings } = site
  const isolation = readIsolation(settings.k8sRunIsolation ?? settings.runIsolation ?? settings.isolation, run.runId)
  const places = runPlaces({
    run,
    settings,
    isolation,
    hasVolume: site.hasVolume,
    scoped: site.scoped,
    dataMountPath: site.dataMountPath,
    env: deps.env,
    bundleFolder: definition.bundleFolder,
    allowedFolders: site.allowedFolders,
    grantedFolders: deps.state.granted,
  })
  const capability = githubCapability(config.env)
  const apart = isolation.keyHash === null ? '' : `:${isolation.mode}:${isolation.keyHash}`
  return {
    ...site,
    run,
    isolation,
    places,
    offeredSession: offeredSession(ctx.runtime),
    githubCapability: capability,
    secrets: [...site.secrets, ...(capability === null ? [] : [capability])],
    warnings: [...site.warnings, ...gitWarnings(git.withheld)],
    resolvedSecrets: resolvedSecrets(ctx.context, config),
    key: `${definition.type}:${run.agentId}${apart}`,
  }
}
