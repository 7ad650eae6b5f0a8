import { isNotFound, kinds, type KubeClient } from '@agent-jobs/kube-api'
import { eventually } from '../eventually.ts'

/** Resolves when an object can no longer be read. */
export function absence(read: () => Promise<unknown>, what: string): Promise<true> {
  return eventually(async () => {
    try {
      await read()
      return null
    } catch (error) {
      if (isNotFound(error)) return true
      throw error
    }
  }, `the end of ${what}`)
}

/** Deletes a namespace, if there is one, and waits until it is gone. */
export async function removeNamespace(client: KubeClient, name: string, signal: AbortSignal): Promise<void> {
  try {
    await client.delete(kinds.Namespace, { name, signal })
  } catch (error) {
    if (isNotFound(error)) return
    throw error
  }
  await absence(() => client.get(kinds.Namespace, { name, signal }), `namespace ${name}`)
}
