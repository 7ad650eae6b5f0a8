import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { isWithin } from '@agent-jobs/primitives'
import { configMap, persistentVolumeClaim, secret } from '../kinds/core.ts'
import type { ResourceDefinition } from '../kinds/resource-definition.ts'
import type { Objects } from '../store/objects.ts'
import type { Container, DownwardItem, KeyToPath, Pod, Volume } from '../types.ts'
import { expand, fieldValue, namedContainer, resourceValue } from './environment.ts'
import type { PathMapping } from './path-rewriter.ts'

/** A volume that cannot be set up yet; the pod waits and an Event says why. */
export class MountError extends Error {
  constructor(volume: string, why: string) {
    super(`MountVolume.SetUp failed for volume "${volume}" : ${why}`)
    this.name = 'MountError'
  }
}

export interface VolumeContext {
  objects: Objects
  pod: Pod
  podDir: string
  hostIP: string
  /** The folder of a claim. */
  claimDir: (namespace: string, claim: string) => string
  /** What the node has for its pods. */
  allocatable: Record<string, string>
  /** A token for the pod's ServiceAccount. */
  token: (seconds: number) => string
}

type Files = Map<string, { content: Buffer; mode: number }>

function addData(
  context: VolumeContext,
  files: Files,
  volume: string,
  source: {
    kind: 'secret' | 'configmap'
    name: string
    items?: KeyToPath[] | undefined
    optional?: boolean | undefined
    mode: number
  },
): void {
  const { kind, name, items, optional, mode } = source
  const resource: ResourceDefinition = kind === 'secret' ? secret : configMap
  const found = context.objects.get(resource, context.pod.metadata.namespace, name)
  if (found === undefined) {
    if (optional === true) return
    throw new MountError(volume, `${kind} "${name}" not found`)
  }
  const data = (found['data'] ?? {}) as Record<string, string>
  const binaryData = (found['binaryData'] ?? {}) as Record<string, string>
  const bytes = (key: string) => {
    if (kind === 'secret') return data[key] === undefined ? undefined : Buffer.from(data[key], 'base64')
    if (data[key] !== undefined) return Buffer.from(data[key])
    return binaryData[key] === undefined ? undefined : Buffer.from(binaryData[key], 'base64')
  }
  const wanted =
    items ?? [...Object.keys(data), ...Object.keys(binaryData)].map((key): KeyToPath => ({ key, path: key }))
  for (const { key, path, mode: own } of wanted) {
    const content = bytes(key)
    if (content === undefined) {
      if (optional === true) continue
      throw new MountError(volume, `references non-existent ${kind === 'secret' ? 'secret' : 'config'} key: ${key}`)
    }
    files.set(path, { content, mode: own ?? mode })
  }
}

function filesOf(context: VolumeContext, volume: Volume): Files | undefined {
  const files: Files = new Map()
  const { secret: fromSecret, configMap: fromMap, downwardAPI, projected } = volume
  const downward = (items: DownwardItem[] | undefined, defaultMode: number) => {
    for (const { path, mode = defaultMode, fieldRef, resourceFieldRef } of items ?? []) {
      const text =
        resourceFieldRef === undefined
          ? (fieldValue(context.pod, fieldRef?.fieldPath ?? '', context.hostIP) ?? '')
          : resourceValue(
              namedContainer(context.pod, resourceFieldRef.containerName),
              resourceFieldRef,
              context.allocatable,
            )
      files.set(path, { content: Buffer.from(text), mode })
    }
  }
  if (fromSecret !== undefined) {
    const { secretName, items, optional, defaultMode = 0o644 } = fromSecret
    addData(context, files, volume.name, { kind: 'secret', name: secretName, items, optional, mode: defaultMode })
  } else if (fromMap !== undefined) {
    const { name, items, optional, defaultMode = 0o644 } = fromMap
    addData(context, files, volume.name, { kind: 'configmap', name, items, optional, mode: defaultMode })
  } else if (downwardAPI !== undefined) downward(downwardAPI.items, downwardAPI.defaultMode ?? 0o644)
  else if (projected !== undefined) {
    const mode = projected.defaultMode ?? 0o644
    for (const source of (projected.sources ?? []) as ProjectedSource[]) {
      if (source.secret) addData(context, files, volume.name, { kind: 'secret', ...source.secret, mode })
      if (source.configMap) addData(context, files, volume.name, { kind: 'configmap', ...source.configMap, mode })
      if (source.downwardAPI) downward(source.downwardAPI.items, mode)
      if (source.serviceAccountToken) {
        const { path, expirationSeconds = 3_600 } = source.serviceAccountToken
        files.set(path, { content: Buffer.from(context.token(expirationSeconds)), mode })
      }
    }
  } else return undefined
  return files
}

interface ProjectedSource {
  secret?: { name: string; items?: KeyToPath[]; optional?: boolean }
  configMap?: { name: string; items?: KeyToPath[]; optional?: boolean }
  downwardAPI?: { items?: DownwardItem[] }
  serviceAccountToken?: { path: string; expirationSeconds?: number }
}

/** Makes one volume real as a folder and says where it is; throws MountError while that is impossible. */
export function setUpVolume(context: VolumeContext, volume: Volume): string {
  const { pod, podDir, objects } = context
  if (volume.hostPath !== undefined) return volume.hostPath.path
  if (volume.persistentVolumeClaim !== undefined) {
    const { claimName } = volume.persistentVolumeClaim
    const claim = objects.get(persistentVolumeClaim, pod.metadata.namespace, claimName)
    if (claim === undefined) throw new MountError(volume.name, `persistentvolumeclaim "${claimName}" not found`)
    const folder = context.claimDir(pod.metadata.namespace ?? '', claimName)
    mkdirSync(folder, { recursive: true })
    return folder
  }
  const folder = join(podDir, 'volumes', volume.name)
  const files = filesOf(context, volume)
  if (files !== undefined) rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  if (volume.emptyDir !== undefined) chmodSync(folder, 0o777)
  for (const [path, { content, mode }] of files ?? []) {
    const file = join(folder, path)
    if (!isWithin(folder, file) || file === folder)
      throw new MountError(volume.name, `path "${path}" leaves the volume`)
    mkdirSync(dirname(file), { recursive: true })
    if (existsSync(file)) {
      // The folder was empty: only a file system that does not tell A from a, as macOS has, holds another name for it.
      throw new MountError(
        volume.name,
        `"${path}" and another path differ in case only, which this file system ignores`,
      )
    }
    writeFileSync(file, content, { mode })
  }
  return folder
}

/** Where each mount path of a container lies on this machine. */
export function mountsOf(
  container: Container,
  folders: Map<string, string>,
  env: Record<string, string>,
): PathMapping[] {
  return (container.volumeMounts ?? []).map(({ name, mountPath, subPath: plain, subPathExpr }) => {
    const folder = folders.get(name) ?? ''
    const subPath = subPathExpr === undefined ? plain : expand(subPathExpr, env)
    if (subPath === undefined || subPath === '') return { from: mountPath, to: folder }
    const inside = join(folder, subPath)
    if (!isWithin(folder, inside)) throw new MountError(name, `subPath "${subPath}" leaves the volume`)
    mkdirSync(dirname(inside), { recursive: true })
    return { from: mountPath, to: inside }
  })
}
