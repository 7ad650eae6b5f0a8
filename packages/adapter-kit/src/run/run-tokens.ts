import { chmod, chown, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isRecord } from '../settings/loose-text.ts'

/** A token of Paperclip, and the run that it was made for. */
export interface RunToken {
  token: string
  runId: string
}

/** The user of agent pods. A server that is root writes for it; any other server must be it. */
const podUser = 1000
// Each restart of the server adds one. More than these are dead, and each would cost a refused call a round trip.
const mostTokens = 4

/** Whether a file of mode 0600 that this process writes can be read in the agent's pod. */
export function canWriteForPods(): boolean {
  const uid = process.getuid?.()
  return uid === 0 || uid === podUser
}

function isAbsent(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}

async function give(path: string): Promise<void> {
  if (process.getuid?.() === 0) await chown(path, podUser, podUser)
  // A server that is another user than the pods must open what it makes.
  else if (!canWriteForPods()) await chmod(path, 0o777)
}

/** Makes a folder for the pods; those above it that are missing become theirs, too, so that they can write there. */
export async function makePodFolder(folder: string): Promise<void> {
  const first = await mkdir(folder, { recursive: true })
  if (first === undefined) return
  for (let path = folder; path.length >= first.length; path = dirname(path)) await give(path)
}

/** Writes the tokens in the launcher's form: headers, tried in turn, the newest first. Whole or not at all. */
export async function writeTokens(file: string, tokens: readonly RunToken[]): Promise<void> {
  await makePodFolder(dirname(file))
  const credentials = tokens
    .slice(0, mostTokens)
    .map(({ token, runId }) => ({ authorization: `Bearer ${token}`, 'x-paperclip-run-id': runId }))
  const temporary = `${file}.${process.pid}.tmp`
  try {
    await writeFile(temporary, JSON.stringify(credentials), { mode: 0o600 })
    await give(temporary)
    await rename(temporary, file)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

// Beside the file, as readable as it is.
const asideOf = (file: string): string => `${file}.aside`

/** Reads the tokens of a run, newest first, also while they are put aside; null when it has no such file. */
export async function readTokens(file: string): Promise<RunToken[] | null> {
  const aside = await readFileTokens(asideOf(file))
  return aside ?? readFileTokens(file)
}

async function readFileTokens(file: string): Promise<RunToken[] | null> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (error) {
    if (isAbsent(error)) return null
    throw error
  }
  let list: unknown
  try {
    list = JSON.parse(text)
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
export async function addToken(file: string, added: RunToken): Promise<RunToken[] | null> {
  const known = await readTokens(file)
  if (known === null) return null
  const all = [added, ...known.filter(({ token }) => token !== added.token)]
  await writeTokens(file, all)
  await rm(asideOf(file), { force: true })
  return all
}

/** Removes the tokens of a run that is over. */
export async function removeTokens(file: string): Promise<void> {
  await rm(file, { force: true })
  await rm(asideOf(file), { force: true })
}

/** Puts the tokens of a run aside: its agent's calls wait until they are back, or until another run adds its own. */
export async function holdTokens(file: string): Promise<void> {
  const known = await readTokens(file)
  if (known === null) return
  await writeTokens(asideOf(file), known)
  await writeTokens(file, [])
}

/** Puts back what is still aside. */
export async function releaseTokens(file: string): Promise<void> {
  const aside = await readFileTokens(asideOf(file))
  if (aside === null) return
  // A run that has adopted the Job meanwhile wrote its own beside the old ones.
  if ((await readFileTokens(file))?.length === 0) await writeTokens(file, aside)
  await rm(asideOf(file), { force: true })
}
