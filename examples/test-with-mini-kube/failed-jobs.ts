import { kinds, type KubeClient } from '@agent-jobs/kube-api'

/** The code under test: the names of the Jobs in a namespace that have failed, with the reason that Kubernetes gives. */
export async function failedJobs(client: KubeClient, namespace: string): Promise<Map<string, string>> {
  const { items } = await client.list(kinds.Job, { namespace })
  const failed = new Map<string, string>()
  for (const { metadata, status } of items) {
    const condition = status?.conditions?.find(({ type, status: state }) => type === 'Failed' && state === 'True')
    if (metadata?.name !== undefined && condition !== undefined)
      failed.set(metadata.name, condition.reason ?? 'Unknown')
  }
  return failed
}
