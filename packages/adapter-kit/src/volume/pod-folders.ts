import { lstat } from 'node:fs/promises'
import { posix } from 'node:path'
import { messageOf } from '../adapter-error.ts'
import { errnoOf } from '../system-error.ts'
import { holdFolder, isLinkOnTheWay, type VolumePlace } from './held-folder.ts'
import { giveToPods } from './pod-user.ts'
import { isolationRoots } from '../plan/isolation.ts'
import type { RunPlan } from '../plan/plan-run.ts'
import { volumeScope, type VolumeFolder } from './volume-scope.ts'

/** Makes a folder that is missing; a file is kept, and mounted as one. */
export async function makeOrKeep({ top, path }: VolumePlace): Promise<void> {
  try {
    const folder = await holdFolder({ top, path }, giveToPods)
    await folder[Symbol.asyncDispose]()
  } catch (error) {
    if (errnoOf(error) !== 'ENOTDIR') throw error
    await using parent = await holdFolder({ top, path: posix.dirname(path) })
    if (parent === null || !(await lstat(parent.at(posix.basename(path)))).isFile()) throw error
  }
}

/** Makes the folders that an isolated run has for itself, where the pod can have them. */
async function makeOwnFolders(
  { volume, isolation }: Pick<RunPlan, 'volume' | 'isolation'>,
  isGiven: (root: string) => boolean,
): Promise<void> {
  for (const root of isolationRoots(isolation).filter(isGiven)) {
    const place = volume.place(root)
    if (place === null) continue
    await makeOrKeep(place).catch((error: unknown) => {
      // The pod follows the link to wherever it leads on the volume.
      if (!isLinkOnTheWay(error)) throw error
    })
  }
}

/**
 * Makes the folders that a pod gets of the data volume: one that the kubelet makes belongs to root, and the agent could not
 * write there. Null where the pod gets the whole volume.
 */
export async function podFolders(
  plan: Pick<RunPlan, 'places' | 'volume' | 'run' | 'isolation'>,
  more: readonly string[],
): Promise<{ folders: VolumeFolder[]; warnings: string[] } | null> {
  const { places, volume, run } = plan
  if (places.scope === null) {
    await makeOwnFolders(plan, () => true)
    return null
  }
  const added = volumeScope({
    root: places.dataMountPath,
    instanceRoot: places.instanceRoot,
    company: run.companyId,
    agent: run.agentId,
    own: places.scope.folders.filter(({ readOnly }) => !readOnly).map(({ path }) => path),
    readOnly: places.scope.folders.filter(({ readOnly }) => readOnly).map(({ path }) => path),
    wanted: more,
  })
  const warnings = [...places.scope.refused, ...added.refused].map(
    (path) =>
      `The agent does not get ${path}: it holds what is not its own. Name a folder below it, or set "volumeAccess" to "whole".`,
  )
  const folders: VolumeFolder[] = []
  for (const folder of added.folders) {
    const place = volume.place(folder.path)
    if (place === null) continue
    try {
      await makeOrKeep(place)
      folders.push(folder)
    } catch (error) {
      // A link would lead the mount to another place than its name says.
      if (!isLinkOnTheWay(error)) throw error
      warnings.push(`The agent does not get ${folder.path}: ${messageOf(error)}`)
    }
  }
  await makeOwnFolders(plan, (root) => folders.some(({ path }) => root.startsWith(`${path}/`)))
  return { folders, warnings }
}
