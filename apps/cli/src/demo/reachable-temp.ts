import { statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname } from 'node:path'

const forAll = '/tmp'

/**
 * The folder for temporary files that pods of the embedded cluster can reach: started by root they run as another user,
 * who cannot enter a folder that only root may read, such as those of pam_tmpdir.
 */
export function reachableTemp({
  folder = tmpdir(),
  isRoot = process.getuid?.() === 0,
  modeOf = (path: string) => statSync(path).mode,
} = {}): string {
  if (!isRoot) return folder
  for (let part = folder; ; part = dirname(part)) {
    if ((modeOf(part) & 0o001) === 0) return forAll
    if (part === dirname(part)) return folder
  }
}
