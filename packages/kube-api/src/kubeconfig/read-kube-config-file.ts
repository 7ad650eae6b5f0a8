import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs'
import { invalidKubeConfig } from './kube-config-error.ts'

// The largest kubeconfigs of fleets have some thousand clusters, 2 KiB each.
const maxBytes = 16 * 1_048_576

/**
 * Reads a small file with a size limit. `regularOnly` rejects pipes and devices without waiting: reading those could
 * block this process or never end.
 */
export function readSmallFile(path: string, { regularOnly }: { regularOnly: boolean }): string {
  const descriptor = openSync(path, regularOnly ? constants.O_RDONLY | constants.O_NONBLOCK : constants.O_RDONLY)
  try {
    if (regularOnly && !fstatSync(descriptor).isFile()) throw invalidKubeConfig(`${path} is not a regular file.`)
    const pieces: Buffer[] = []
    let size = 0
    for (;;) {
      const piece = Buffer.allocUnsafe(65_536)
      const length = readSync(descriptor, piece)
      if (length === 0) return Buffer.concat(pieces).toString('utf8')
      size += length
      if (size > maxBytes) throw invalidKubeConfig(`${path} is larger than ${maxBytes} bytes, which no kubeconfig is.`)
      pieces.push(piece.subarray(0, length))
    }
  } finally {
    closeSync(descriptor)
  }
}
