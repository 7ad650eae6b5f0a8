import { posix } from 'node:path'

/** A folder of the data volume that an agent's pod has, at the path that the server has it. */
export interface VolumeFolder {
  path: string
  readOnly: boolean
}

/** Which folders of the data volume a pod gets. */
export interface VolumeScope {
  folders: VolumeFolder[]
  /** Asked for, but they hold what belongs to others. */
  refused: string[]
}

const inside = (path: string, folder: string) => path === folder || path.startsWith(`${folder}/`)

/**
 * Decides what of the data volume an agent sees. The volume is the server's: database, keys, and every company's files lie
 * on it. A pod gets the folders of its own company, agent and task, by name, and never one that holds others besides. Pure.
 */
export function volumeScope(input: {
  /** Where the volume is mounted. */
  root: string
  instanceRoot: string
  company: string
  agent: string
  /** Folders that the agent may write. */
  own: readonly string[]
  /** Folders that the server writes and the agent reads. */
  readOnly: readonly string[]
  /** Folders that task and settings name; those that are not on the volume are left alone. */
  wanted: readonly (string | null)[]
}): VolumeScope {
  const { root, instanceRoot, company, agent } = input
  const instances = posix.dirname(instanceRoot)
  const serverHome = posix.dirname(instances)
  const ours = [
    posix.join(instanceRoot, 'companies', company),
    posix.join(instanceRoot, 'projects', company),
    posix.join(instanceRoot, 'workspaces', agent),
    ...input.own,
  ]
  const belongsToOthers = (path: string) =>
    path === root ||
    inside(instances, path) ||
    (inside(path, instances) && !ours.some((folder) => inside(path, folder))) ||
    // What the server loads as its own code.
    inside(path, posix.join(serverHome, 'adapter-plugins'))
  const asked = input.wanted
    .filter((path) => path !== null)
    .map((path) => posix.normalize(path).replace(/(?<=.)\/+$/, ''))
    .filter((path) => inside(path, root))
  const granted = [...input.own, ...asked.filter((path) => !belongsToOthers(path))]
  const writable = outermost(granted)
  const folders = [
    ...writable.map((path) => ({ path, readOnly: false })),
    ...outermost(input.readOnly)
      .filter((path) => !writable.some((folder) => inside(path, folder)))
      .map((path) => ({ path, readOnly: true })),
  ]
  return {
    folders: folders.sort((a, b) => (a.path < b.path ? -1 : 1)),
    refused: [...new Set(asked.filter(belongsToOthers))],
  }
}

function outermost(paths: readonly string[]): string[] {
  const all = [...new Set(paths)]
  return all.filter((path) => !all.some((other) => other !== path && inside(path, other)))
}
