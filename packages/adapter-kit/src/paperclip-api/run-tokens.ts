import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { posix } from 'node:path'
import { isRecord } from '../settings/loose-text.ts'
import { holdFolder, openAgentFile, removeAgentFile, type VolumePlace } from '../volume/held-folder.ts'
import { giveToPods } from '../volume/pod-user.ts'

/** A token of Paperclip, and the run that it was made for. */
export interface RunToken {
  token: string
  runId: string
  /** The run's right to ask for GitHub credentials, where Paperclip manages them. */
  github?: string | undefined
}

// Each server restart adds one. Older ones have expired, and each would cost a refused call a round trip.
const mostTokens = 4
// Read by `POST /runtime-tools/github/credentials` only (docs/paperclip-facts.md#managed-github-credentials).
const githubHeader = 'x-paperclip-github-capability'
// Far more than those need.
const maxBytes = 262_144

/** Writes the tokens in the launcher's form: headers, tried in turn, the newest first. Whole or not at all. */
export async function writeTokens({ top, path }: VolumePlace, tokens: readonly RunToken[]): Promise<void> {
  const credentials = tokens.slice(0, mostTokens).map(({ token, runId, github }) => ({
    authorization: `Bearer ${token}`,
    'x-paperclip-run-id': runId,
    // Omitted from the JSON if undefined.
    [githubHeader]: github,
  }))
  await using folder = await holdFolder({ top, path: posix.dirname(path) }, giveToPods)
  const name = posix.basename(path)
  // An unguessable name of a new file: at a known name, an agent could have placed a link.
  const temporary = folder.at(`.${name}.${randomBytes(8).toString('hex')}.tmp`)
  try {
    await using file = await open(temporary, 'wx', 0o600)
    await file.writeFile(JSON.stringify(credentials))
    await giveToPods(temporary)
    await rename(temporary, folder.at(name))
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

// Next to the file, with the same permissions.
const asideOf = ({ top, path }: VolumePlace): VolumePlace => ({ top, path: `${path}.aside` })

/** Reads the tokens of a run, newest first, also while they are set aside; null when the file does not exist. */
export async function readTokens(file: VolumePlace): Promise<RunToken[] | null> {
  const aside = await readFileTokens(asideOf(file))
  return aside ?? readFileTokens(file)
}

async function readFileTokens(place: VolumePlace): Promise<RunToken[] | null> {
  await using file = await openAgentFile(place)
  if (file === null) return null
  const buffer = Buffer.alloc(maxBytes)
  const { bytesRead } = await file.read(buffer, 0, maxBytes, 0)
  let list: unknown
  try {
    list = JSON.parse(buffer.toString('utf8', 0, bytesRead))
  } catch {
    // Not written by this package. The next added token rewrites it.
    return []
  }
  if (!Array.isArray(list)) return []
  return list.flatMap((each: unknown) => {
    if (!isRecord(each)) return []
    const { authorization, 'x-paperclip-run-id': runId, [githubHeader]: github } = each
    if (typeof authorization !== 'string' || typeof runId !== 'string') return []
    const token = authorization.replace(/^Bearer /, '')
    return [typeof github === 'string' ? { token, runId, github } : { token, runId }]
  })
}

/** Adds a token before a run's existing ones. Returns all of them, or null for a run that keeps none in a file. */
export async function addToken(file: VolumePlace, added: RunToken): Promise<RunToken[] | null> {
  const known = await readTokens(file)
  if (known === null) return null
  const all = [added, ...known.filter(({ token }) => token !== added.token)]
  await writeTokens(file, all)
  await removeAgentFile(asideOf(file))
  return all
}

/** Removes the tokens of a run that has ended. */
export async function removeTokens(file: VolumePlace): Promise<void> {
  await removeAgentFile(file)
  await removeAgentFile(asideOf(file))
}

/** Sets the tokens of a run aside: its agent's calls wait until they are restored, or until another run adds its own. */
export async function holdTokens(file: VolumePlace): Promise<void> {
  const known = await readTokens(file)
  if (known === null) return
  await writeTokens(asideOf(file), known)
  await writeTokens(file, [])
}

/** Restores tokens that are still set aside. */
export async function releaseTokens(file: VolumePlace): Promise<void> {
  const aside = await readFileTokens(asideOf(file))
  if (aside === null) return
  // A run that adopted the Job in the meantime wrote its own next to the old ones.
  if ((await readFileTokens(file))?.length === 0) await writeTokens(file, aside)
  await removeAgentFile(asideOf(file))
}
