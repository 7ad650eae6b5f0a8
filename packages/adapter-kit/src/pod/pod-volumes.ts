import { posix } from 'node:path'
import type { V1Volume, V1VolumeMount } from '@kubernetes/client-node'
import type { AgentVolumeClaim, CommonSettings } from '../agent/agent-definition.ts'
import type { VolumeFolder } from '../volume/volume-scope.ts'
import type { PodInheritance } from './inherit-from-pod.ts'

/** The claim behind the agents' data volume: the user's, else the server's own when it can be mounted. */
export function dataClaim(settings: CommonSettings, inheritance: PodInheritance | null, namespace: string) {
  const own = inheritance?.namespace === namespace ? inheritance.dataClaim : null
  const named = settings.workspaceVolumeClaim
  if (named === undefined || named === own?.name) return own
  return { name: named, subPath: null, readOnly: false }
}

/** Volumes and mounts of a pod, besides those of the settings. */
export function podVolumes(input: {
  settings: CommonSettings
  inheritance: PodInheritance | null
  namespace: string
  volumeClaims: readonly AgentVolumeClaim[]
  dataMountPath: string
  /** Folders of the data volume that the pod gets; null for all of it. */
  folders: readonly VolumeFolder[] | null
}): { volumes: V1Volume[]; mounts: V1VolumeMount[] } {
  const { settings, inheritance, namespace, dataMountPath } = input
  const claim = dataClaim(settings, inheritance, namespace)
  const volumes: V1Volume[] = []
  const mounts: V1VolumeMount[] = []
  if (claim) {
    volumes.push({ name: 'data', persistentVolumeClaim: { claimName: claim.name } })
    const below = (path: string) => posix.join(claim.subPath ?? '', posix.relative(dataMountPath, path))
    const folders = input.folders ?? [{ path: dataMountPath, readOnly: false }]
    for (const { path, readOnly } of folders) {
      const subPath = below(path)
      mounts.push({
        name: 'data',
        mountPath: path,
        ...(subPath === '' || subPath === '.' ? {} : { subPath }),
        ...(readOnly ? { readOnly } : {}),
      })
    }
  }
  for (const [index, own] of input.volumeClaims.entries()) {
    const name = `own-${index}`
    volumes.push({ name, persistentVolumeClaim: { claimName: own.name } })
    mounts.push({ name, mountPath: own.mountPath })
  }
  if (inheritance?.namespace !== namespace) return { volumes, mounts }
  for (const [index, { volume, mounts: at }] of inheritance.volumes.entries()) {
    const name = `inherited-${index}`
    volumes.push({ ...volume, name })
    mounts.push(...at.map((mount) => Object.assign({}, mount, { name })))
  }
  return { volumes, mounts }
}
