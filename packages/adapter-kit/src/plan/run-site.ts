import type { z } from 'zod'
import type { AgentDefinition, CommonSettings } from '../agent/agent-definition.ts'
import type { Cluster } from '../cluster/cluster-pool.ts'
import { isSensitive, type EnvPolicy } from '../pod/env-policy.ts'
import type { PodInheritance } from '../pod/inherit-from-pod.ts'
import { narrowSources, ownNamespace, readSelfPod } from '../pod/self-pod.ts'
import { admitSettings } from '../policy/admit-settings.ts'
import { unknownSettingMessage, unknownSettings } from '../settings/unknown-settings.ts'
import { createVolumeView, type SharedVolume } from '../volume/volume-view.ts'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import { configuredVariables } from '../pod/agent-env.ts'
import { podApiUrl } from './api-url.ts'
import { dataClaim } from '../pod/build-request.ts'
import { secretTexts } from './secret-texts.ts'

/** Where an agent's runs take place: settings, cluster, namespace, and what is taken over from the server's pod. */
export interface RunSite<Settings extends CommonSettings = CommonSettings> {
  settings: Settings
  cluster: Cluster
  namespace: string
  inheritance: PodInheritance | null
  /** Inherited variables that stay references. */
  references: PodInheritance['env']['references']
  dataMountPath: string
  hasVolume: boolean
  /** Pods get their company's folders of the volume instead of all of it. */
  scoped: boolean
  volume: SharedVolume
  apiUrl: string | null
  /** What the agent will see of others' variables; null where the value is a reference. */
  visibleEnv: Record<string, string | null>
  /** Credentials that must not appear in the log, whatever the run. */
  secrets: string[]
  warnings: string[]
}

function policyOf(settings: CommonSettings, env: AdapterDependencies['env']): EnvPolicy {
  const fromServer = (env['AGENT_ENV_ALLOWLIST'] ?? '').split(',').map((name) => name.trim())
  return {
    allow: [...settings.inheritedEnvAllow, ...fromServer.filter((name) => name !== '')],
    deny: settings.inheritedEnvDeny,
  }
}

function isServersClaim({ workspaceVolumeClaim: named }: CommonSettings, inheritance: PodInheritance | null): boolean {
  const own = inheritance?.dataClaim ?? null
  return named === undefined || (own?.name === named && own.subPath === null)
}

/** Reads the settings and the server's own pod. */
export async function openSite<Schema extends AgentDefinition['schema']>(
  definition: Pick<AgentDefinition<Schema>, 'schema' | 'type'>,
  deps: AdapterDependencies,
  config: Record<string, unknown>,
  signal: AbortSignal,
): Promise<RunSite<z.output<Schema>>> {
  const { settings } = admitSettings(definition, deps.env, config)
  const cluster = deps.clusters.get(settings.kubeconfig)
  const { client } = cluster
  const serverNamespace = ownNamespace(deps.env, cluster.contextNamespace)
  const namespace = settings.namespace ?? serverNamespace
  const dataMountPath = (settings.workspaceMountPath ?? '/paperclip').replace(/(?<=.)\/+$/, '')
  const policy = policyOf(settings, deps.env)
  // The server's own mount is at /paperclip, wherever the agents' is.
  const own = { client, env: deps.env, namespace: serverNamespace, policy, dataMountPath: '/paperclip', signal }
  const inheritance = await readSelfPod(own)
  const warnings = unknownSettings(definition.schema, config).map(unknownSettingMessage)
  let references: RunSite['references'] = []
  if (inheritance?.namespace === namespace) {
    const narrowed = await narrowSources({ client, namespace, env: inheritance.env, policy, signal })
    const named = new Set(inheritance.env.references.map(({ name }) => name))
    references = [...inheritance.env.references, ...narrowed.references.filter(({ name }) => !named.has(name))]
    warnings.push(...narrowed.warnings)
  } else if (inheritance && (inheritance.env.references.length > 0 || inheritance.dataClaim)) {
    warnings.push(
      `Agent pods run in namespace "${namespace}" and the Paperclip server in "${inheritance.namespace}": its data volume, Secrets and pull secrets cannot be inherited.`,
    )
  }
  const hasVolume = dataClaim(settings, inheritance, namespace) !== null
  if (!hasVolume) {
    warnings.push(
      'There is no data volume: the agent starts without memory, skills and workspace, and no session can be resumed.',
    )
  }
  const configured = configuredVariables(settings.env)
  const { url, warning } = podApiUrl({
    setting: settings.paperclipApiUrl,
    configured: configured['PAPERCLIP_API_URL'] ?? null,
    env: deps.env,
    serverPodIp: inheritance?.podIp ?? null,
  })
  if (warning !== null) warnings.push(warning)
  const volume = createVolumeView({
    mountPath: dataMountPath,
    serverPath: hasVolume ? deps.serverPath(dataMountPath) : null,
  })
  return {
    settings,
    cluster,
    namespace,
    inheritance,
    references,
    dataMountPath,
    hasVolume,
    // A claim of the user's own holds nothing of the server's, and where the server cannot make folders there is no other way.
    scoped:
      settings.volumeAccess === 'company' &&
      hasVolume &&
      volume.covers(dataMountPath) &&
      isServersClaim(settings, inheritance),
    volume,
    apiUrl: url,
    secrets: [
      ...secretTexts(settings),
      ...Object.values(inheritance?.env.sensitive ?? {}),
      // Of what stays a reference the value is known all the same: this very process was started with it.
      ...references.flatMap(({ name }) => {
        const value = deps.env[name]
        return value !== undefined && isSensitive(name, value) ? [value] : []
      }),
    ],
    visibleEnv: {
      ...Object.fromEntries(references.map(({ name }) => [name, null])),
      ...inheritance?.env.plain,
      ...inheritance?.env.sensitive,
      ...configured,
    },
    warnings,
  }
}
