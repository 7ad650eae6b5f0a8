import { fieldInvalid, type StatusCause } from '../api-error.ts'
import { isQualifiedName, qualifiedNameMessage } from '../names.ts'
import { canonicalQuantity } from '../schema/quantity.ts'
import type { KubeObject } from '../types.ts'
import { sameJson } from './resource-definition.ts'

const counted = [
  'pods',
  'resourcequotas',
  'services',
  'replicationcontrollers',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]
const measured = ['cpu', 'memory', 'ephemeral-storage']
const computed = ['cpu', 'memory', ...['cpu', 'memory'].flatMap((name) => [`requests.${name}`, `limits.${name}`])]
const standard = new Set([
  ...counted,
  ...measured,
  ...measured.flatMap((name) => [`requests.${name}`, `limits.${name}`]),
  'requests.storage',
])

type Amounts = Record<string, string>

function validateName(name: string, field: string): StatusCause[] {
  const causes: StatusCause[] = []
  if (!isQualifiedName(name)) causes.push(fieldInvalid(field, name, qualifiedNameMessage(name)))
  else if (!name.includes('/') && !standard.has(name) && name !== 'storage')
    causes.push(fieldInvalid(field, name, 'must be a standard resource type or fully qualified'))
  if (!name.includes('/') && !standard.has(name) && !/^(requests\.)?hugepages-/.test(name))
    causes.push(fieldInvalid(field, name, 'must be a standard resource for quota'))
  return causes
}

function validateAmounts(amounts: Amounts, path: string): StatusCause[] {
  return Object.entries(amounts).flatMap(([name, amount]) => {
    const field = `${path}[${name}]`
    const causes = validateName(name, field)
    const text = canonicalQuantity(amount) ?? amount
    if (text.startsWith('-')) causes.push(fieldInvalid(field, text, 'must be greater than or equal to 0'))
    if (counted.includes(name) && /[num]$/.test(text)) causes.push(fieldInvalid(field, text, 'must be an integer'))
    return causes
  })
}

const hardOf = (part: unknown, key: string) => ((part as Record<string, unknown> | undefined)?.[key] ?? {}) as Amounts

/** The resources that each scope can apply to. */
const scopes: Readonly<Record<string, readonly string[]>> = {
  Terminating: ['pods', ...computed],
  NotTerminating: ['pods', ...computed],
  BestEffort: ['pods'],
  NotBestEffort: ['pods', ...computed],
  PriorityClass: ['pods', ...computed],
  CrossNamespacePodAffinity: ['pods', ...computed],
  VolumeAttributesClass: ['persistentvolumeclaims', 'requests.storage'],
}

function validateScopes(quota: KubeObject): StatusCause[] {
  const given = (quota.spec?.['scopes'] ?? []) as string[]
  const refuse = (why: string) => fieldInvalid('spec.scopes', given, why)
  const names = Object.keys(hardOf(quota.spec, 'hard')).sort()
  const causes: StatusCause[] = []
  for (const scope of given) {
    const valid = scopes[scope]
    if (valid === undefined) causes.push(refuse('unsupported scope'))
    for (const name of names) {
      if (valid !== undefined && standard.has(name) && !valid.includes(name))
        causes.push(refuse('unsupported scope applied to resource'))
    }
  }
  for (const pair of [
    ['BestEffort', 'NotBestEffort'],
    ['Terminating', 'NotTerminating'],
  ]) {
    if (pair.every((scope) => given.includes(scope))) causes.push(refuse('conflicting scopes'))
  }
  return causes
}

/** The server's checks of a quota: what it limits, how far, and of which pods. */
export const validateQuota = (quota: KubeObject): StatusCause[] => [
  ...validateAmounts(hardOf(quota.spec, 'hard'), 'spec.hard'),
  ...validateScopes(quota),
]

/** The scopes of a quota are immutable. */
export function validateQuotaUpdate(next: KubeObject, old: KubeObject): StatusCause[] {
  const sorted = ({ spec }: KubeObject) => [...((spec?.['scopes'] ?? []) as string[])].sort()
  return sameJson(sorted(next), sorted(old))
    ? []
    : [fieldInvalid('spec.scopes', next.spec?.['scopes'] ?? null, 'field is immutable')]
}

/** The status of a quota must be valid, too. */
export const validateQuotaStatus = ({ status }: KubeObject): StatusCause[] => [
  ...validateAmounts(hardOf(status, 'hard'), 'status.hard'),
  ...validateAmounts(hardOf(status, 'used'), 'status.used'),
]
