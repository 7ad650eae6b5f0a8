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
}

// Each restart of the server adds one. More than these are dead, and each would cost a refused call a round trip.
const mostTokens = 4
// Far more than those take.
const maxBytes = 262_144

/** Writes the tokens in the launcher's form: headers, tried in turn, the newest first. Whole or not at all. */
export async function writeTokens({ top, path }: VolumePlace, tokens: readonly RunToken[]): Promise<void> {
  const credentials = tokens
    .slice(0, mostTokens)
    .map(({ token, runId }) => ({ authorization: `Bearer ${token}`, 'x-paperclip-run-id': runId }))
  await using folder = await holdFolder({ top, path: posix.dirname(path) }, giveToPods)
  const name = posix.basename(path)
  // A name that nobody can guess, and never one that is there: an agent could have put a link in its place.
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

// Beside the file, as readable as it is.
const asideOf = ({ top, path }: VolumePlace): VolumePlace => ({ top, path: `${path}.aside` })

/** Reads the tokens of a run, newest first, also while they are put aside; null when it has no such file. */
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
    // Not written by us. Whoever adds a token writes it anew.
    return []
  }
  if (!Array.isArray(list)) return []
  return list.flatMap((each: unknown) => {
    if (!isRecord(each)) return []
    const { authorization, 'x-paperclip-run-id': runId } = each
    if (typeof authorization !== 'string' || typeof runId !== 'string') return []
    return [{ token: authorization.replace(/^Bearer /, ''), runId }]
  })
}

/** Gives a run one more token, before those it has. Returns all of them, or null for a run that keeps none in a file. */
export async function addToken(file: VolumePlace, added: RunToken): Promise<RunToken[] | null> {
  const known = await readTokens(file)
  if (known === null) return null
  const all = [added, ...known.filter(({ token }) => token !== added.token)]
  await writeTokens(file, all)
  await removeAgentFile(asideOf(file))
  return all
}

/** Removes the tokens of a run that is over. */
export async function removeTokens(file: VolumePlace): Promise<void> {
  await removeAgentFile(file)
  await removeAgentFile(asideOf(file))
}

/** Puts the tokens of a run aside: its agent's calls wait until they are back, or until another run adds its own. */
export async function holdTokens(file: VolumePlace): Promise<void> {
  const known = await readTokens(file)
  if (known === null) return
  await writeTokens(asideOf(file), known)
  await writeTokens(file, [])
}

/** Puts back what is still aside. */
export async function releaseTokens(file: VolumePlace): Promise<void> {
  const aside = await readFileTokens(asideOf(file))
  if (aside === null) return
  // A run that has adopted the Job meanwhile wrote its own beside the old ones.
  if ((await readFileTokens(file))?.length === 0) await writeTokens(file, aside)
  await removeAgentFile(asideOf(file))
}
