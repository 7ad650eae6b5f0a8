import { isForbidden, isNotFound, kinds } from '@agent-jobs/kube-api'
import { CliError } from '../errors/cli-error.ts'
import { shownServer } from './resolve-cluster.ts'
import type { OpenClient } from './with-client.ts'

/** Why nothing can run in the namespace; null when it exists, or when the caller may not read it. */
export async function namespaceProblem({ client, namespace }: OpenClient): Promise<CliError | null> {
  try {
    const { metadata } = await client.get(kinds.Namespace, { name: namespace })
    if (metadata?.deletionTimestamp === undefined) return null
  } catch (cause) {
    if (isForbidden(cause)) return null
    if (!isNotFound(cause)) throw cause
    return new CliError(
      'no_namespace',
      `Namespace ${namespace} not found at ${shownServer(client.server)}. Create it with \`kubectl create namespace ${namespace}\`, or pass another --namespace or --context.`,
      { cause },
    )
  }
  return new CliError(
    'no_namespace',
    `The namespace ${namespace} at ${shownServer(client.server)} is being deleted: nothing can be created in it. Pass another --namespace, or wait and create it again.`,
  )
}

/** Throws when the namespace does not exist; one that the caller may not read counts as existing. */
export async function refuseAbsentNamespace(cluster: OpenClient): Promise<void> {
  const problem = await namespaceProblem(cluster)
  if (problem !== null) throw problem
}
