import { readdir, stat } from 'node:fs/promises'
import { posix } from 'node:path'
import type { VolumeView } from '../agent/agent-definition.ts'
import { errnoOf } from '../system-error.ts'
import { readWithin } from './agent-reach.ts'
import type { VolumePlace } from './held-folder.ts'

const maxTextBytes = 1_048_576

function isAbsence(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'EACCES'].includes(String(errnoOf(error)))
}

async function orNull<T>(read: () => Promise<T>): Promise<T | null> {
  try {
    return await read()
  } catch (error) {
    if (isAbsence(error)) return null
    throw error
  }
}

/** The data volume by the paths that agent pods see, and where the server has each path. */
export interface SharedVolume extends VolumeView {
  /** The server's path of a pod's path. */
  resolve(path: string): string | null
  /** The same relative to the volume, for files that agents may write to. */
  place(path: string): VolumePlace | null
}

/**
 * Shows the data volume by the paths that agent pods see. `serverPath` is where the server has the same volume; null means
 * that the server cannot see it.
 */
export function createVolumeView({
  mountPath,
  serverPath,
}: {
  mountPath: string
  serverPath: string | null
}): SharedVolume {
  const root = posix.normalize(mountPath).replace(/\/+$/, '')
  const resolve = (path: string): string | null => {
    const normal = posix.normalize(path)
    if (serverPath === null || (normal !== root && !normal.startsWith(`${root}/`))) return null
    return posix.join(serverPath, normal.slice(root.length))
  }
  return {
    resolve,
    place(path) {
      const found = resolve(path)
      return found === null || serverPath === null ? null : { top: serverPath, path: posix.relative(serverPath, found) }
    },
    covers: (path) => resolve(path) !== null,
    async size(path) {
      const found = resolve(path)
      if (found === null) return null
      const info = await orNull(() => stat(found))
      return info?.isFile() ? info.size : null
    },
    async names(path) {
      const found = resolve(path)
      return found === null ? [] : ((await orNull(() => readdir(found))) ?? [])
    },
    async text(path) {
      const found = resolve(path)
      if (found === null || serverPath === null) return null
      return orNull(() => readWithin({ volume: serverPath, sees: [serverPath] }, found, maxTextBytes))
    },
  }
}
