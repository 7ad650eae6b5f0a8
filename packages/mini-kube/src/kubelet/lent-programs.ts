import { closeSync, constants, copyFileSync, linkSync, mkdirSync, openSync, readdirSync, readSync } from 'node:fs'
import { realpathSync, statSync } from 'node:fs'
import { basename, delimiter, dirname, join } from 'node:path'

/** The user a container runs as. */
export interface ContainerUser {
  uid: number
  gid: number
}

/** The most programs lent from one folder. */
const limit = 64

/** Whether a user may enter a folder, by its permission bits. */
function mayEnter({ mode, uid, gid }: { mode: number; uid: number; gid: number }, user: ContainerUser): boolean {
  if (user.uid === 0) return true
  if (uid === user.uid) return (mode & 0o100) !== 0
  return gid === user.gid ? (mode & 0o010) !== 0 : (mode & 0o001) !== 0
}

function foldersAbove(path: string): string[] {
  const folders: string[] = []
  for (let at = dirname(path); at !== dirname(at); at = dirname(at)) folders.unshift(at)
  return folders
}

/** The first folder on the way to a path that a user may not enter; links are followed. */
export function closedFolder(path: string, user: ContainerUser): string | undefined {
  const found = statSync(path, { throwIfNoEntry: false })
  if (found === undefined) return undefined
  const real = realpathSync(path)
  const folders = [...foldersAbove(path), ...foldersAbove(real), ...(found.isDirectory() ? [real] : [])]
  return folders.find((folder) => !mayEnter(statSync(folder), user))
}

/** The first bytes of programs that need nothing beside them: ELF, and Mach-O in its forms. */
const native = new Set(['7f454c46', 'cffaedfe', 'cefaedfe', 'cafebabe'])

function isNative(path: string): boolean {
  const file = openSync(path, 'r')
  try {
    const head = Buffer.alloc(4)
    return readSync(file, head, 0, 4, 0) === 4 && native.has(head.toString('hex'))
  } finally {
    closeSync(file)
  }
}

/** A program that everybody may run, were it not for the folder it lies in. */
function isLendable(path: string): boolean {
  const found = statSync(path, { throwIfNoEntry: false })
  return found?.isFile() === true && (found.mode & 0o005) === 0o005 && isNative(path)
}

/**
 * Programs for containers of other users. `node` often lies below a folder that only its owner may enter (npx's cache
 * and nvm's versions below /root); what other users may run but cannot reach is lent: linked, or copied, into a folder
 * of the cluster, for as long as the cluster lives. Scripts are not lent, since they look for their files beside them.
 */
export class LentPrograms {
  readonly #folder: string
  /** What is lent from a folder to a user; undefined if nothing is. */
  readonly #lent = new Map<string, string | undefined>()

  constructor(folder: string) {
    this.#folder = folder
  }

  /** A search path for a user: lent programs come before each folder. */
  searchPath(path: string, user: ContainerUser): string {
    const open: (string | undefined)[] = []
    const closed: string[] = []
    for (const folder of path.split(delimiter)) {
      open.push(this.#lend(folder, user))
      // What was not lent is still found in a closed folder, at last, so that its refusal can say why.
      if (closedFolder(folder, user) === undefined) open.push(folder)
      else closed.push(folder)
    }
    return [...open, ...closed].filter((folder) => folder !== undefined).join(delimiter)
  }

  /** The path at which a user can reach a program that is named by path. */
  program(path: string, user: ContainerUser): string {
    if (!path.startsWith('/') || closedFolder(path, user) === undefined) return path
    const folder = this.#lend(dirname(path), user)
    const lent = folder === undefined ? path : join(folder, basename(path))
    return statSync(lent, { throwIfNoEntry: false }) === undefined ? path : lent
  }

  #lend(folder: string, user: ContainerUser): string | undefined {
    const key = `${user.uid}:${user.gid}:${folder}`
    if (this.#lent.has(key)) return this.#lent.get(key)
    const names = closedPrograms(folder, user)
    const place = names.length === 0 ? undefined : join(this.#folder, String(this.#lent.size))
    if (place !== undefined) {
      mkdirSync(place, { recursive: true, mode: 0o755 })
      for (const name of names) lend(realpathSync(join(folder, name)), join(place, name))
    }
    this.#lent.set(key, place)
    return place
  }
}

/** The programs of a folder, or linked into it, that a user could run but not reach. */
function closedPrograms(folder: string, user: ContainerUser): string[] {
  if (statSync(folder, { throwIfNoEntry: false })?.isDirectory() !== true) return []
  const isClosed = closedFolder(folder, user) !== undefined
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => isClosed || entry.isSymbolicLink())
    .map((entry) => entry.name)
    .filter((name) => isClosed || closedFolder(join(folder, name), user) !== undefined)
    .filter((name) => isLendable(join(folder, name)))
    .slice(0, limit)
}

/** A link costs nothing; on another file system it is a copy, which shares its blocks where that can be done. */
function lend(from: string, to: string): void {
  try {
    linkSync(from, to)
  } catch (error) {
    if (!['EXDEV', 'EPERM', 'EMLINK', 'EACCES'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error
    copyFileSync(from, to, constants.COPYFILE_FICLONE)
  }
}
