import { realpath } from 'node:fs/promises'
import { posix } from 'node:path'
import type { RunPlan } from './plan-run.ts'
import { makePodFolder } from './run-tokens.ts'
import { volumeScope, type VolumeFolder } from './volume-scope.ts'

async function makeOrKeep(path: string): Promise<void> {
  try {
    await makePodFolder(path)
  } catch (error) {
    // A file: it is mounted as one.
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
}

/**
 * Makes the folders that a pod gets of the data volume: one that the kubelet makes belongs to root, and the agent could not
 * write there. Null where the pod gets the whole volume.
 */
export async function podFolders(
  plan: Pick<RunPlan, 'places' | 'volume' | 'run'>,
  more: readonly string[],
): Promise<{ folders: VolumeFolder[]; warnings: string[] } | null> {
  const { places, volume, run } = plan
  if (places.scope === null) return null
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
  const top = volume.resolve(places.dataMountPath)
  const root = top === null ? null : await realpath(top)
  for (const folder of added.folders) {
    const path = volume.resolve(folder.path)
    if (path === null || root === null) continue
    await makeOrKeep(path)
    // A link would lead the mount to another place than its name says.
    if ((await realpath(path)) !== posix.join(root, posix.relative(places.dataMountPath, folder.path))) {
      warnings.push(`The agent does not get ${folder.path}: a part of this path is a link. Name the folder itself.`)
    } else folders.push(folder)
  }
  return { folders, warnings }
}
