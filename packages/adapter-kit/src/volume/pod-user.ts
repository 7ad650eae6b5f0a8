import { chmod, chown } from 'node:fs/promises'

/** The user of agent pods. A server that runs as root writes for it; any other server must run as it. */
const podUser = 1000

/** Whether a file of mode 0600 that this process writes can be read in the agent's pod. */
export function canWriteForPods(): boolean {
  const uid = process.getuid?.()
  return uid === 0 || uid === podUser
}

/** Makes a file of this process usable for the pods. No one else may be able to turn its path into a link. */
export async function giveToPods(path: string): Promise<void> {
  if (process.getuid?.() === 0) await chown(path, podUser, podUser)
  // A server that runs as another user than the pods must widen the permissions of what it creates.
  else if (!canWriteForPods()) await chmod(path, 0o777)
}
