import { accessSync, closeSync, constants, openSync, readSync, realpathSync } from 'node:fs'
import { delimiter, join } from 'node:path'

const pieceBytes = 4 * 1024 * 1024

/** The file that a command's name runs, as the kernel would find it; null when there is none. */
export function programFile(command: string, path: string): string | null {
  const candidates = command.includes('/') ? [command] : path.split(delimiter).map((folder) => join(folder, command))
  for (const candidate of candidates) {
    try {
      accessSync(candidate, constants.X_OK)
      return realpathSync(candidate)
    } catch {
      // Not here; try the next folder of PATH.
    }
  }
  return null
}

/** Which of the texts occur in a file, read once and in pieces: OpenCode's program has 185 MB. */
export function textsInFile(file: string, texts: readonly string[]): boolean[] {
  const wanted = texts.map((text) => Buffer.from(text))
  const overlap = Math.max(...wanted.map(({ length }) => length))
  const found = wanted.map(() => false)
  const piece = Buffer.allocUnsafe(pieceBytes)
  const fd = openSync(file, 'r')
  try {
    for (let at = 0; found.includes(false); at += pieceBytes - overlap) {
      const length = readSync(fd, piece, 0, pieceBytes, at)
      const read = piece.subarray(0, length)
      for (const [index, text] of wanted.entries()) found[index] ||= read.includes(text)
      if (length < pieceBytes) break
    }
  } finally {
    closeSync(fd)
  }
  return found
}
