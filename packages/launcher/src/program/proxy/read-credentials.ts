import { constants } from 'node:fs'
import { open } from 'node:fs/promises'

/** Headers that a call gets, in lower case, such as `authorization`. */
export type Credential = Record<string, string>

/** The current content of the token file. */
export interface Credentials {
  /** In the order in which they are tried. */
  list: Credential[]
  /** Changes when the file changes. */
  text: string
  /** True for an empty list: the run changes hands, and calls wait until there are credentials again. */
  isHeld: boolean
}

const maxFileBytes = 64 * 1024
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants

/**
 * Reads the file that the follower of the run keeps up to date. It contains a bare token (sent as Bearer), or JSON: an
 * object of headers, or a list of such objects that are tried in turn; an empty list holds calls back. A missing file, or
 * one that is being written, has none.
 */
export async function readCredentials(path: string): Promise<Credentials> {
  const text = await readShortFile(path)
  if (text === '') return { list: [], text, isHeld: false }
  if (!/^[[{]/.test(text)) return { list: [{ authorization: `Bearer ${text}` }], text, isHeld: false }
  try {
    const parsed = JSON.parse(text) as unknown
    const list = (Array.isArray(parsed) ? parsed : [parsed]).filter(isCredential)
    return { list: list.map(lowerCase), text, isHeld: Array.isArray(parsed) && parsed.length === 0 }
  } catch {
    return { list: [], text, isHeld: false }
  }
}

/** The text of a file; empty when it is missing, too long, or not a regular file. */
async function readShortFile(path: string): Promise<string> {
  try {
    const file = await open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    try {
      if (!(await file.stat()).isFile()) return ''
      const { bytesRead, buffer } = await file.read(Buffer.alloc(maxFileBytes + 1), 0, maxFileBytes + 1, 0)
      return bytesRead > maxFileBytes ? '' : buffer.toString('utf8', 0, bytesRead).trim()
    } finally {
      await file.close()
    }
  } catch {
    return ''
  }
}

function isCredential(value: unknown): value is Credential {
  return typeof value === 'object' && value !== null && Object.values(value).every((item) => typeof item === 'string')
}

function lowerCase(credential: Credential): Credential {
  return Object.fromEntries(Object.entries(credential).map(([name, value]) => [name.toLowerCase(), value]))
}
