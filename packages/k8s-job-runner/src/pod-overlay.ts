type Fields = Record<string, unknown>

const isRecord = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** The merge key of each list in Kubernetes' strategic merge; other lists are replaced. */
const mergeKeys: Readonly<Record<string, string>> = {
  'spec.containers': 'name',
  'spec.initContainers': 'name',
  'spec.volumes': 'name',
  'spec.imagePullSecrets': 'name',
  'spec.hostAliases': 'ip',
  'spec.topologySpreadConstraints': 'topologyKey',
  'spec.resourceClaims': 'name',
  'spec.containers.env': 'name',
  'spec.containers.ports': 'containerPort',
  'spec.containers.volumeMounts': 'mountPath',
  'spec.containers.volumeDevices': 'devicePath',
  'spec.initContainers.env': 'name',
  'spec.initContainers.ports': 'containerPort',
  'spec.initContainers.volumeMounts': 'mountPath',
  'spec.initContainers.volumeDevices': 'devicePath',
}

function mergeList(base: readonly unknown[], overlay: readonly unknown[], path: string): unknown[] {
  const key = mergeKeys[path]
  if (key === undefined) return [...overlay]
  const merged = [...base]
  for (const item of overlay) {
    const at = merged.findIndex((each) => isRecord(each) && isRecord(item) && each[key] === item[key])
    if (at < 0) merged.push(item)
    else merged[at] = mergeValue(merged[at], item, path)
  }
  return merged
}

function mergeValue(base: unknown, overlay: unknown, path: string): unknown {
  if (Array.isArray(base) && Array.isArray(overlay)) return mergeList(base, overlay, path)
  if (!isRecord(base) || !isRecord(overlay)) return overlay
  const merged: Fields = { ...base }
  for (const [name, value] of Object.entries(overlay)) {
    if (value === null) delete merged[name]
    else merged[name] = mergeValue(base[name], value, path === '' ? name : `${path}.${name}`)
  }
  return merged
}

/** Merges a pod template over another one by the rules of Kubernetes' strategic merge patch; `null` removes a field. */
export function mergePodTemplate<T extends object>(base: T, overlay: Fields | undefined): T {
  return overlay === undefined ? base : (mergeValue(base, overlay, '') as T)
}

/** Fields of the pod that following a run depends on, and why each must not change. */
const protectedFields: Readonly<Record<string, string>> = {
  'metadata.name': 'the Job names its pod',
  'metadata.namespace': 'a run has one namespace',
  'spec.restartPolicy': 'a restarted container would run the command again',
  'spec.activeDeadlineSeconds': 'set `deadlineSeconds`',
  'spec.terminationGracePeriodSeconds': 'set `terminationGracePeriodSeconds`',
}
const protectedOfContainer = [
  'command',
  'args',
  'envFrom',
  'image',
  'stdin',
  'tty',
  'terminationMessagePolicy',
  'terminationMessagePath',
  'restartPolicy',
  'lifecycle',
  'livenessProbe',
  'startupProbe',
]
const reserved = /^agent-jobs\.dev\//

function containerProblems(container: unknown, name: string): string[] {
  const where = '`podTemplate.spec.containers`'
  if (!isRecord(container) || container['name'] !== name) {
    return [`${where} may only change "${name}"; a second container would keep the pod alive. Use \`sidecars\``]
  }
  const problems = protectedOfContainer
    .filter((field) => field in container)
    .map((field) => `${where}: "${field}" of "${name}" cannot be changed: the launcher needs it`)
  const { env } = container
  if (env === null) problems.push(`${where}: "env" cannot be removed: the launcher needs it`)
  for (const variable of Array.isArray(env) ? (env as unknown[]) : []) {
    const variableName = isRecord(variable) ? String(variable['name']) : ''
    if (variableName.startsWith('AGENT_JOBS_')) problems.push(`${where}: ${variableName} belongs to the launcher`)
  }
  return problems
}

/** What a pod template must not change, by name. */
export function podTemplateProblems(template: unknown, containerName: string): string[] {
  if (template === undefined) return []
  if (!isRecord(template)) return ['Expected `podTemplate` to be an object with `metadata` and `spec`']
  const { metadata = {}, spec = {}, ...rest } = template
  const problems = Object.keys(rest).map((name) => `\`podTemplate.${name}\` is not a field of a pod template`)
  if (!isRecord(metadata) || !isRecord(spec))
    return [...problems, 'Expected `podTemplate.metadata` and `podTemplate.spec` to be objects']
  const parts: Readonly<Record<string, Fields>> = { metadata, spec }
  for (const [path, reason] of Object.entries(protectedFields)) {
    const [part = '', field = ''] = path.split('.')
    if (parts[part] !== undefined && field in parts[part])
      problems.push(`\`podTemplate.${path}\` cannot be changed: ${reason}`)
  }
  for (const field of ['labels', 'annotations']) {
    for (const name of Object.keys(isRecord(metadata[field]) ? metadata[field] : {})) {
      if (reserved.test(name))
        problems.push(
          `\`podTemplate.metadata.${field}\` must not hold ${name}: names below agent-jobs.dev/ are reserved`,
        )
    }
    if (metadata[field] === null) problems.push(`\`podTemplate.metadata.${field}\` cannot be removed`)
  }
  const containers: unknown[] = Array.isArray(spec['containers']) ? spec['containers'] : []
  if ('containers' in spec && !Array.isArray(spec['containers']))
    problems.push('Expected `podTemplate.spec.containers` to be a list')
  return [...problems, ...containers.flatMap((container) => containerProblems(container, containerName))]
}
