import { isWithin } from '@agent-jobs/primitives'
import { posix } from 'node:path'
import type { V1Container, V1Pod, V1Volume, V1VolumeMount } from '@kubernetes/client-node'
import { isSourceAllowed } from './env-policy.ts'

/** A volume of the server that agent pods get, read-only. */
export interface InheritedVolume {
  volume: V1Volume
  mounts: V1VolumeMount[]
}

/** Where the server's container has its files, and which of its volumes agents may have. */
export interface ServerFiles {
  /** The volumes that the operator allows for every agent. */
  allowed: InheritedVolume[]
  /** Where a variable's file is for an agent: on a volume, in the image, or nowhere. Names the volume to mount. */
  find(value: string): { has: true; volume: InheritedVolume | null } | { has: false }
}

const isServiceAccountMount = (path: string): boolean => path.startsWith('/var/run/secrets/kubernetes.io/')

function labelsOf(volume: V1Volume): string[] {
  if (volume.secret) return [`secret/${volume.secret.secretName ?? ''}`]
  if (volume.configMap) return [`configMap/${volume.configMap.name ?? ''}`]
  if (volume.csi) return [`csi/${volume.csi.driver}`]
  return volume.projected ? [`projected/${volume.name}`] : []
}

/** Public by their kind: anyone who may read the server's ConfigMaps may see them. */
function holdsNoSecret({ configMap, projected }: V1Volume): boolean {
  if (configMap) return true
  const sources = projected?.sources ?? []
  return sources.length > 0 && sources.every((source) => source.configMap ?? source.clusterTrustBundle)
}

/** A projected volume with a token of the server's account would give its rights to the agent. */
function holdsToken({ projected }: V1Volume): boolean {
  return projected?.sources?.some((source) => source.serviceAccountToken) ?? false
}

/** A deleted Secret or ConfigMap must not keep agents from starting. */
function optional(volume: V1Volume): V1Volume {
  if (volume.secret) return { ...volume, secret: { ...volume.secret, optional: true } }
  return volume.configMap ? { ...volume, configMap: { ...volume.configMap, optional: true } } : volume
}

/** The files that a variable names: one absolute path, or several with colons between. */
function pathsIn(value: string): string[] {
  const parts = value.split(':').filter((part) => part !== '')
  return parts.length > 0 && parts.every((part) => /^\/(?!\/)/.test(part))
    ? parts.map((part) => posix.normalize(part))
    : []
}

/** Resolves files of the server's container as agents would see them. Pure. */
export function serverFiles(input: {
  pod: V1Pod
  container: V1Container
  /** What the operator and the settings allow: `secret/NAME`, `configMap/NAME`, `projected/VOLUME`, `csi/DRIVER`. */
  allow: readonly string[]
  deny: readonly string[]
  /** The agent's image is the server's, so files of the image are the same. */
  sameImage: boolean
  /** False when the agent runs in another namespace, where the server's volumes cannot be mounted. */
  mountable: boolean
  /** Folders of the server that the agent's pod has, too. */
  shared: readonly string[]
}): ServerFiles {
  const mounts = (input.container.volumeMounts ?? []).filter(({ mountPath }) => !isServiceAccountMount(mountPath))
  const isDenied = (volume: V1Volume) => labelsOf(volume).some((label) => isSourceAllowed(label, input.deny))
  const isAllowed = (volume: V1Volume) =>
    labelsOf(volume).some((label) => isSourceAllowed(label, input.allow)) && !holdsToken(volume) && !isDenied(volume)
  const inherited = (volume: V1Volume): InheritedVolume => ({
    volume: optional(volume),
    mounts: mounts
      .filter(({ name }) => name === volume.name)
      .map((mount) => Object.assign({}, mount, { readOnly: true })),
  })
  const volumes = (input.pod.spec?.volumes ?? []).map((source) => Object.assign(inherited(source), { source }))
  const allowed = volumes.filter(({ source, mounts: at }) => input.mountable && at.length > 0 && isAllowed(source))

  function findOne(path: string): ReturnType<ServerFiles['find']> {
    if (input.shared.some((folder) => isWithin(folder, path))) return { has: true, volume: null }
    const under = mounts
      .filter(({ mountPath }) => isWithin(mountPath, path))
      .sort((a, b) => b.mountPath.length - a.mountPath.length)[0]
    if (under === undefined) {
      const isServers = isServiceAccountMount(path)
      return input.sameImage && !isServers ? { has: true, volume: null } : { has: false }
    }
    const found = volumes.find(({ source }) => source.name === under.name)
    if (!found || !input.mountable) return { has: false }
    const isPublic = holdsNoSecret(found.source) && !isDenied(found.source)
    return isPublic || isAllowed(found.source) ? { has: true, volume: strip(found) } : { has: false }
  }
  return {
    allowed: allowed.map(strip),
    find(value) {
      const answers = pathsIn(value).map(findOne)
      const missing = answers.find(({ has }) => !has)
      return missing ?? answers[0] ?? { has: true, volume: null }
    },
  }
}

function strip({ volume, mounts }: InheritedVolume): InheritedVolume {
  return { volume, mounts }
}
