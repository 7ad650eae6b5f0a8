import { chmod, chown } from 'node:fs/promises'

/** The user of agent pods. A server that is root writes for it; any other server must be it. */
const podUser = 1000

/** Whether a file of mode 0600 that this process writes can be read in the agent's pod. */
export function canWriteForPods(): boolean {
  const uid = process.getuid?.()
  return uid === 0 || uid === podUser
}

/** Lets the pods have what this process has made. The path must be one that nobody else can turn into a link. */
export async function giveToPods(path: string): Promise<void> {
  if (process.getuid?.() === 0) await chown(path, podUser, podUser)
  // A server that is another user than the pods must open what it makes.
  else if (!canWriteForPods()) await chmod(path, 0o777)
}
