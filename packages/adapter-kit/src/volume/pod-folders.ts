import { errorMessage, isWithin } from '@agent-jobs/primitives'
import { stat } from 'node:fs/promises'
import { AdapterError } from '../adapter-error.ts'
import { isolationRoots } from '../plan/isolation.ts'
import type { RunPlan } from '../plan/plan-run.ts'
import { errnoOf } from '../system-error.ts'
import { holdFolder, isLinkOnTheWay, type VolumePlace } from './held-folder.ts'
import { giveToPods } from './pod-user.ts'
import { recordFolders, volumeScope, type RefusedFolder, type VolumeFolder } from './volume-scope.ts'

/** Which folder of the disk a mounted path must be. */
export interface FolderIdentity {
  path: string
  inode: string
  device: string
}

/** The folders of a pod, and what each must be when it is mounted. */
export interface PodFolders {
  folders: VolumeFolder[]
  identities: FolderIdentity[]
  warnings: string[]
}

/** Creates a missing folder, and returns which folder on disk it is. */
export async function prepareFolder(place: VolumePlace, path: string): Promise<FolderIdentity> {
  await using folder = await holdFolder(place, giveToPods)
  // Of the folder that is held open, not of what has its name by now.
  const { ino, dev } = await stat(folder.at('.'), { bigint: true })
  return { path, inode: String(ino), device: String(dev) }
}

/** Creates the folders that only this isolated run uses, where the pod can mount them. */
async function makeOwnFolders(
  { volume, isolation }: Pick<RunPlan, 'volume' | 'isolation'>,
  isGiven: (root: string) => boolean,
): Promise<void> {
  for (const root of isolationRoots(isolation).filter(isGiven)) {
    const place = volume.place(root)
    if (place === null) continue
    await prepareFolder(place, root).catch((error: unknown) => {
      // The pod follows the link to wherever it leads on the volume.
      if (!isLinkOnTheWay(error)) throw error
    })
  }
}

const reasons: Readonly<Record<RefusedFolder['reason'], string>> = {
  others: 'it holds what belongs to others. Name a folder below it',
  policy: 'it lies outside of the company\'s folders. The operator can allow it in the policy ("allow.volumeFolders")',
  unsafe: 'it lies in a folder that agents of another company may write. Move it out of there',
}

const notGiven = ({ path, reason }: RefusedFolder) => `The agent does not get ${path}: ${reasons[reason]}.`

/**
 * Creates the folders of the data volume that a pod gets: those the kubelet creates belong to root, and agents could not
 * write there. Null where the pod gets the whole volume, or none of it.
 */
export async function podFolders(
  plan: Pick<RunPlan, 'places' | 'volume' | 'isolation'>,
  more: readonly string[],
  granted: Map<string, string> = new Map(),
): Promise<PodFolders | null> {
  const { places, volume } = plan
  if (places.scope === null) {
    await makeOwnFolders(plan, () => true)
    return null
  }
  const request = { ...places.scope, trusted: [...places.scope.trusted, ...more] }
  const scope = volumeScope(request)
  requirePlaces(plan, scope.refused)
  const result: PodFolders = { folders: [], identities: [], warnings: scope.refused.map(notGiven) }
  for (const folder of scope.folders) {
    const place = volume.place(folder.path)
    if (place === null) continue
    try {
      result.identities.push(await prepareFolder(place, folder.path))
      result.folders.push(folder)
    } catch (error) {
      // A link would make the mount lead elsewhere, and a file cannot be compared.
      if (!isLinkOnTheWay(error) && errnoOf(error) !== 'ENOTDIR') throw error
      const what = isLinkOnTheWay(error) ? errorMessage(error) : 'It is not a folder. Name the folder that holds it.'
      result.warnings.push(`The agent does not get ${folder.path}: ${what}`)
    }
  }
  recordFolders(granted, request, result.folders)
  await makeOwnFolders(plan, (root) => result.folders.some(({ path }) => root !== path && isWithin(path, root)))
  return result
}

/** A run whose pod lacks its home or working directory cannot work; refuse it before anything is created. */
function requirePlaces({ places }: Pick<RunPlan, 'places'>, refused: readonly RefusedFolder[]): void {
  for (const [what, path] of [
    ['working directory', places.cwd],
    ['home', places.home],
  ] as const) {
    const problem = refused.find((each) => each.path === path.replace(/(?<=.)\/+$/, ''))
    if (problem) {
      throw new AdapterError('policy_denied', `The agent's ${what} is not available to it. ${notGiven(problem)}`)
    }
  }
}
