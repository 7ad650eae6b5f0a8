import { isIP } from 'node:net'
import { isDnsLabel, isDnsName, isLabelKey, isLabelValue } from './label-value.ts'
import { podTemplateProblems } from './pod-overlay.ts'
import type { RunRequest } from './run-request.ts'

const show = (value: unknown): string => JSON.stringify(value) ?? String(value)

/** Kubernetes' form of a quantity, such as `500m`, `1.5`, `2Gi` or `1e3`. */
const quantity = /^[+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/

function oneOf(field: string, value: unknown, allowed: readonly string[]): string[] {
  if (value === undefined || allowed.includes(value as string)) return []
  return [`Expected \`${field}\` to be one of ${allowed.join(', ')}, got ${show(value)}`]
}

function dnsName(field: string, value: unknown): string[] {
  if (value === undefined || (typeof value === 'string' && isDnsName(value))) return []
  return [`Expected \`${field}\` to be the name of an object (a DNS name), got ${show(value)}`]
}

function schedulingProblems({ scheduling = {} }: RunRequest): string[] {
  const problems = (['priorityClassName', 'runtimeClassName', 'schedulerName'] as const).flatMap((field) =>
    dnsName(`scheduling.${field}`, scheduling[field]),
  )
  const { architecture } = scheduling
  if (architecture !== undefined && (architecture === '' || !isLabelValue(architecture))) {
    problems.push(`Expected \`scheduling.architecture\` to be an architecture such as amd64, got ${show(architecture)}`)
  }
  for (const [key, value] of Object.entries(scheduling.nodeSelector ?? {})) {
    if (isLabelKey(key) && typeof value === 'string' && isLabelValue(value)) continue
    problems.push(`\`scheduling.nodeSelector\`: ${show(key)}: ${show(value)} is not a valid label`)
  }
  scheduling.tolerations?.forEach(({ effect, tolerationSeconds }, index) => {
    const field = `scheduling.tolerations[${index}]`
    problems.push(...oneOf(`${field}.effect`, effect, ['NoSchedule', 'PreferNoSchedule', 'NoExecute']))
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      problems.push(`\`${field}.tolerationSeconds\` needs the effect NoExecute, got ${show(effect)}`)
    }
  })
  scheduling.topologySpreadConstraints?.forEach(({ maxSkew, topologyKey, whenUnsatisfiable }, index) => {
    const field = `scheduling.topologySpreadConstraints[${index}]`
    problems.push(...oneOf(`${field}.whenUnsatisfiable`, whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway']))
    if (!(Number.isSafeInteger(maxSkew) && maxSkew >= 1)) {
      problems.push(`Expected \`${field}.maxSkew\` to be a whole number of at least 1, got ${show(maxSkew)}`)
    }
    if (!isLabelKey(topologyKey ?? '')) {
      problems.push(`Expected \`${field}.topologyKey\` to be a label key, got ${show(topologyKey)}`)
    }
  })
  return problems
}

function networkProblems({ dnsPolicy, dnsConfig, hostAliases = [] }: RunRequest): string[] {
  const problems = oneOf('dnsPolicy', dnsPolicy, ['Default', 'ClusterFirst', 'ClusterFirstWithHostNet', 'None'])
  const servers = dnsConfig?.nameservers ?? []
  if (dnsPolicy === 'None' && servers.length === 0) {
    problems.push('`dnsPolicy` None needs at least one of `dnsConfig.nameservers`')
  }
  if (servers.length > 3) problems.push(`\`dnsConfig.nameservers\` holds ${servers.length}; a pod takes at most 3`)
  for (const server of servers) {
    if (isIP(server) === 0) problems.push(`\`dnsConfig.nameservers\`: ${show(server)} is not an IP address`)
  }
  for (const { ip, hostnames = [] } of hostAliases) {
    if (isIP(ip ?? '') === 0) problems.push(`\`hostAliases\`: ${show(ip)} is not an IP address`)
    for (const name of hostnames)
      if (!isDnsName(name)) problems.push(`\`hostAliases\`: ${show(name)} is not a DNS name`)
  }
  return problems
}

function resourceProblems({ resources = {} }: RunRequest): string[] {
  return (['requests', 'limits'] as const).flatMap((field) =>
    Object.entries(resources[field] ?? {}).flatMap(([name, value]) =>
      isLabelKey(name) && quantity.test(String(value))
        ? []
        : [`\`resources.${field}\`: ${show(name)}: ${show(value)} is not a valid resource quantity`],
    ),
  )
}

function containerProblems({ sidecars = [], volumes = [] }: RunRequest): string[] {
  const known = new Set(volumes.map(({ name }) => name))
  const problems = volumes.flatMap(({ name }) =>
    isDnsLabel(name) ? [] : [`\`volumes\`: ${show(name)} is not a DNS label`],
  )
  sidecars.forEach(({ name, image, volumeMounts = [] }, index) => {
    if (!isDnsLabel(name)) problems.push(`Expected \`sidecars[${index}].name\` to be a DNS label, got ${show(name)}`)
    if (image === undefined || image === '' || /\s/.test(image)) {
      problems.push(`Expected \`sidecars[${index}].image\` to be an image name, got ${show(image)}`)
    }
    for (const mount of volumeMounts) {
      if (!known.has(mount.name)) problems.push(`\`sidecars[${index}]\` mounts ${show(mount.name)}, not in \`volumes\``)
    }
  })
  return problems
}

/** The problems of the request's fields that are copied into the pod: everything that the API server would refuse. */
export function podProblems(request: RunRequest): string[] {
  const { imagePullPolicy, serviceAccountName, pullSecrets = [] } = request
  return [
    ...oneOf('podUser', request.podUser, ['fixed', 'platform']),
    ...oneOf('imagePullPolicy', imagePullPolicy, ['Always', 'IfNotPresent', 'Never']),
    ...dnsName('serviceAccountName', serviceAccountName),
    ...pullSecrets.flatMap((name, index) => dnsName(`pullSecrets[${index}]`, name)),
    ...schedulingProblems(request),
    ...networkProblems(request),
    ...resourceProblems(request),
    ...containerProblems(request),
    ...podTemplateProblems(request.podTemplate, request.containerName ?? 'main'),
  ]
}
