import { isForbidden, isNotFound, kinds } from '@agent-jobs/kube-api'
import { CliError } from '../errors/cli-error.ts'
import { shownServer } from './resolve-cluster.ts'
import type { OpenClient } from './with-client.ts'

/** Throws when the namespace does not exist; one that the caller may not read counts as existing. */
export async function refuseAbsentNamespace({ client, namespace }: OpenClient): Promise<void> {
  try {
    const { metadata } = await client.get(kinds.Namespace, { name: namespace })
    if (metadata?.deletionTimestamp === undefined) return
  } catch (cause) {
    if (isForbidden(cause)) return
    if (!isNotFound(cause)) throw cause
    throw new CliError(
      'no_namespace',
      `Namespace ${namespace} not found at ${shownServer(client.server)}. Pass another --namespace or --context.`,
      { cause },
    )
  }
  throw new CliError(
    'no_namespace',
    `The namespace ${namespace} at ${shownServer(client.server)} is being deleted: nothing can be created in it. Pass another --namespace, or wait and create it again.`,
  )
}
