import { isWithin } from '@agent-jobs/primitives'
import { constants } from 'node:fs'
import { lstat, open, readlink, realpath } from 'node:fs/promises'
import { posix } from 'node:path'
import { orAbsent } from '../system-error.ts'

/**
 * Which files of the server's disk an agent may get. Agents write to the data volume: a link there may lead to what it
 * sees anyway, and nowhere else. The rest of the disk belongs to the operator, including its links.
 */
export interface AgentReach {
  /** Where the server mounts the data volume; null when it does not. */
  volume: string | null
  /** The folders of the volume that the agent sees. */
  sees: readonly string[]
}

// The limit of Linux.
const mostLinks = 40

const realOrNull = (path: string) => orAbsent<string | null>(realpath(path), null)

/** Resolves a path, and refuses a link on the volume that leads out of what the agent sees. */
export async function resolveWithin({ volume, sees }: AgentReach, path: string): Promise<string> {
  const top = volume === null ? null : await realOrNull(volume)
  let done = '/'
  const rest = path.split('/')
  let links = 0
  let led = false
  for (;;) {
    const part = rest.shift()
    if (part === undefined) break
    if (part === '' || part === '.') continue
    const next = posix.join(done, part)
    if (part === '..' || !(await lstat(next)).isSymbolicLink()) {
      done = next
      continue
    }
    links += 1
    if (links > mostLinks) throw new Error('its links lead in a circle')
    if (top !== null && isWithin(top, done)) led = true
    const target = await readlink(next)
    if (target.startsWith('/')) done = '/'
    rest.unshift(...target.split('/'))
  }
  if (!led) return done
  const seen = await Promise.all(sees.map(realOrNull))
  if (seen.some((folder) => folder !== null && isWithin(folder, done))) return done
  throw new Error(
    'a link on the data volume leads to it, or from it to a place that the agent does not see; name the file itself',
  )
}

/** Reads a text that the agent will get. Never waits for a pipe, never reads more than `maxBytes`. */
export async function readWithin(reach: AgentReach, path: string, maxBytes: number): Promise<string> {
  const real = await resolveWithin(reach, path)
  const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants
  await using file = await open(real, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
  const info = await file.stat()
  if (!info.isFile()) throw new Error('it is not a regular file')
  if (info.size > maxBytes) throw new Error(`it has ${info.size} bytes, and may have ${maxBytes}`)
  // A folder on the way may have become a link since the check; the opened file shows its real path.
  if (process.platform === 'linux' && (await readlink(`/proc/self/fd/${file.fd}`)) !== real) {
    throw new Error('it was moved while it was read')
  }
  const buffer = Buffer.alloc(info.size)
  const { bytesRead } = await file.read(buffer, 0, info.size, 0)
  return buffer.toString('utf8', 0, bytesRead)
}
