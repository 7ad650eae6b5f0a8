import { isSensitive } from '@agent-jobs/primitives'
import { isForbidden, isNotFound, kinds, type KubeClient } from '@agent-jobs/kube-api'
import type { z } from 'zod'
import type { AgentDefinition, CommonSettings } from '../agent/agent-definition.ts'
import type { Cluster } from '../cluster/cluster-pool.ts'
import type { EnvPolicy } from '../pod/env-policy.ts'
import type { PodInheritance } from '../pod/inherit-from-pod.ts'
import { narrowSources, ownNamespace, readSelfPod } from '../pod/self-pod.ts'
import { admitSettings } from '../policy/admit-settings.ts'
import { policyFor } from '../policy/judge-settings.ts'
import type { OperatorPolicy } from '../policy/operator-policy.ts'
import { unknownSettingMessage, unknownSettings } from '../settings/unknown-settings.ts'
import { createVolumeView, type SharedVolume } from '../volume/volume-view.ts'
import type { AdapterDependencies } from '../adapter-dependencies.ts'
import { configuredVariables } from '../pod/agent-env.ts'
import { podApiUrl } from './api-url.ts'
import { assignsUsers } from '../pod/pod-fields.ts'
import { dataClaim } from '../pod/pod-volumes.ts'
import { secretTexts } from './secret-texts.ts'

/** Where an agent's runs take place: settings, cluster, namespace, and what is inherited from the server's pod. */
export interface RunSite<Settings extends CommonSettings = CommonSettings> {
  settings: Settings
  cluster: Cluster
  namespace: string
  inheritance: PodInheritance | null
  /** Inherited variables that stay references. */
  references: PodInheritance['env']['references']
  dataMountPath: string
  hasVolume: boolean
  /** Pods get the folders of their company instead of the whole volume. */
  scoped: boolean
  volume: SharedVolume
  /** Folders of the volume outside of Paperclip's that the operator allows. */
  allowedFolders: readonly string[]
  /** Who assigns user and group of the pods. */
  podUser: 'fixed' | 'platform'
  apiUrl: string | null
  /** Variables of others that the agent will see; null where the value is a reference. */
  visibleEnv: Record<string, string | null>
  /** Credentials that must not appear in the log, whatever the run. */
  secrets: string[]
  warnings: string[]
}

function envPolicyOf(settings: CommonSettings, operator: OperatorPolicy, env: AdapterDependencies['env']): EnvPolicy {
  const fromServer = (env['AGENT_ENV_ALLOWLIST'] ?? '').split(',').map((name) => name.trim())
  const { env: variables, volumes } = operator.inherit
  return {
    allow: [...settings.inheritedEnvAllow, ...variables, ...volumes, ...fromServer.filter((name) => name !== '')],
    deny: settings.inheritedEnvDeny,
  }
}

/** A claim that the operator sets for all agents is the server's volume, under the name that it has in their namespace. */
function isServersClaim(
  { workspaceVolumeClaim: named }: CommonSettings,
  inheritance: PodInheritance | null,
  byDefault: unknown,
): boolean {
  return named === undefined || named === inheritance?.dataClaim?.name || named === byDefault
}

/** What belongs to the namespace of the server, and is not replaced by the settings. */
function leftBehind(inheritance: PodInheritance, settings: CommonSettings): string[] {
  return [
    ...(inheritance.dataClaim && settings.workspaceVolumeClaim === undefined
      ? ['its data volume (set "workspaceVolumeClaim")']
      : []),
    ...(inheritance.env.references.length > 0 ? ['variables from its Secrets and ConfigMaps (set "env")'] : []),
    ...(inheritance.imagePullSecrets.length > 0 && settings.imagePullSecrets.length === 0
      ? ['its pull secrets (set "imagePullSecrets")']
      : []),
  ]
}

async function podUserOf(client: KubeClient, name: string, signal: AbortSignal): Promise<'fixed' | 'platform'> {
  try {
    return assignsUsers(await client.get(kinds.Namespace, { name, signal })) ? 'platform' : 'fixed'
  } catch (error) {
    // Not every account may read namespaces; a setting covers the cases where it matters.
    if (isForbidden(error) || isNotFound(error)) return 'fixed'
    throw error
  }
}

// The server's own mount, independent of the agents' mount path.
const serverMountPath = '/paperclip'

/** Reads the settings and the server's own pod. */
export async function openSite<Schema extends AgentDefinition['schema']>(
  definition: Pick<AgentDefinition<Schema>, 'schema' | 'type'>,
  deps: AdapterDependencies,
  config: Record<string, unknown>,
  signal: AbortSignal,
): Promise<RunSite<z.output<Schema>>> {
  const { settings, policy: operator } = admitSettings(definition, deps.env, config)
  const cluster = deps.clusters.get(settings.kubeconfig)
  const { client } = cluster
  const serverNamespace = ownNamespace(deps.env, cluster.contextNamespace)
  const namespace = settings.namespace ?? serverNamespace
  const dataMountPath = (settings.workspaceMountPath ?? '/paperclip').replace(/(?<=.)\/+$/, '')
  const policy = envPolicyOf(settings, operator, deps.env)
  const inheritance = await readSelfPod({
    client,
    env: deps.env,
    namespace: serverNamespace,
    options: {
      policy,
      dataMountPath: serverMountPath,
      values: deps.env,
      image: settings.image ?? null,
      namespace,
      shared: settings.volumeAccess === 'whole' && dataMountPath === serverMountPath ? [serverMountPath] : [],
    },
    signal,
  })
  const warnings = unknownSettings(definition.schema, config).map(unknownSettingMessage)
  let references: RunSite['references'] = []
  if (inheritance?.namespace === namespace) {
    const narrowed = await narrowSources({ client, namespace, env: inheritance.env, policy, signal })
    const named = new Set(inheritance.env.references.map(({ name }) => name))
    references = [...inheritance.env.references, ...narrowed.references.filter(({ name }) => !named.has(name))]
    warnings.push(...narrowed.warnings)
  } else if (inheritance) {
    const lost = leftBehind(inheritance, settings)
    if (lost.length > 0) {
      warnings.push(
        `Agent pods run in namespace "${namespace}" and the Paperclip server in "${inheritance.namespace}": ${lost.join(' and ')} cannot be inherited.`,
      )
    }
  }
  const missing = inheritance?.env.withheld.filter(({ reason }) => reason === 'path_missing') ?? []
  if (missing.length > 0) {
    warnings.push(
      `Not passed on from the server, because the agent's pod does not have the files that they name: ${missing.map(({ name }) => name).join(', ')}. Mount them from a ConfigMap, or allow the volume in the operator policy ("inherit.volumes").`,
    )
  }
  const hasVolume = dataClaim(settings, inheritance, namespace) !== null
  if (!hasVolume) {
    warnings.push(
      'No data volume: the agent starts without memory, skills and workspace, and no session can be resumed.',
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
    // The user's own claim holds no data of the server; and if the server cannot create folders, this is the only way.
    scoped:
      settings.volumeAccess === 'company' &&
      hasVolume &&
      volume.covers(dataMountPath) &&
      isServersClaim(settings, inheritance, policyFor(operator, definition.type).defaults['workspaceVolumeClaim']),
    volume,
    allowedFolders: policyFor(operator, definition.type).allow['volumeFolders'] ?? [],
    podUser: settings.podUser === 'auto' ? await podUserOf(client, namespace, signal) : settings.podUser,
    apiUrl: url,
    secrets: [
      ...secretTexts(settings),
      ...Object.entries(inheritance?.env.sensitive ?? {}).flatMap(([name, value]) =>
        isSensitive(name, value) ? [value] : [],
      ),
      // The values of references are known as well: this process was started with them.
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
