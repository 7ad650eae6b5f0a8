import { isRecord } from './loose-text.ts'

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

/** A kubeconfig as an operator's patterns see it: the path of a file, or `content` for a pasted one. */
export function kubeconfigTexts(value: unknown): string[] {
  const given = text(value).trim()
  return given.startsWith('{') || given.includes('\n') || given.startsWith('apiVersion:') ? ['content'] : [given]
}

/** The taints that tolerations name; `any` for a toleration of all taints. */
export function tolerationTexts(value: unknown): string[] {
  return Array.isArray(value)
    ? value.map((each: unknown) => (isRecord(each) && text(each['key']) !== '' ? text(each['key']) : 'any'))
    : []
}

function projectedTexts(sources: unknown): string[] {
  if (!Array.isArray(sources)) return ['projected']
  return sources.flatMap((source: unknown) =>
    isRecord(source)
      ? Object.entries(source).map(([kind, of]) =>
          isRecord(of) && text(of['name']) ? `${kind}/${text(of['name'])}` : kind,
        )
      : ['projected'],
  )
}

const nameFields: Readonly<Record<string, string>> = {
  secret: 'secretName',
  configMap: 'name',
  persistentVolumeClaim: 'claimName',
  csi: 'driver',
  hostPath: 'path',
  nfs: 'server',
}

/** What volumes hold: `emptyDir`, `secret/NAME`, `configMap/NAME`, `persistentVolumeClaim/NAME`, `csi/DRIVER`, `hostPath/PATH`. */
export function volumeTexts(value: unknown): string[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((volume: unknown) => {
    const kinds = isRecord(volume) ? Object.keys(volume).filter((key) => key !== 'name') : []
    // A volume without a kind is an emptyDir to Kubernetes.
    if (!isRecord(volume) || kinds.length === 0) return ['emptyDir']
    return kinds.flatMap((kind) => {
      const of = volume[kind]
      if (kind === 'projected') return projectedTexts(isRecord(of) ? of['sources'] : null)
      const field = nameFields[kind]
      return field !== undefined && isRecord(of) ? [`${kind}/${text(of[field])}`] : [kind]
    })
  })
}

/** The images of containers. */
export function imageTexts(value: unknown): string[] {
  return Array.isArray(value) ? value.map((each: unknown) => (isRecord(each) ? text(each['image']) : '')) : []
}

const mostLeaves = 200

/** The paths of everything that an object sets, such as `spec.hostNetwork`; positions in lists are left out. */
export function leafPaths(value: unknown, path = ''): string[] {
  const below = Array.isArray(value)
    ? value.flatMap((each: unknown) => leafPaths(each, path))
    : isRecord(value)
      ? Object.entries(value).flatMap(([key, each]) => leafPaths(each, path === '' ? key : `${path}.${key}`))
      : []
  const found = below.length === 0 && path !== '' ? [path] : [...new Set(below)]
  return found.length > mostLeaves ? [...found.slice(0, mostLeaves), '(more than 200 fields)'] : found
}

/** The Secrets and ConfigMaps that variables come from, as `secret/NAME` and `configmap/NAME`. */
export function variableSourceTexts(value: unknown): string[] {
  return isRecord(value) ? Object.values(value).map((source) => text(source).split('/').slice(0, 2).join('/')) : []
}
