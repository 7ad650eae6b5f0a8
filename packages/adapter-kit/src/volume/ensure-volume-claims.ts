import { errorMessage } from '@agent-jobs/primitives'
import { isAlreadyExists, isNotFound, kinds, type KubeClient } from '@agent-jobs/kube-api'
import { AdapterError } from '../adapter-error.ts'
import type { AgentVolumeClaim } from '../agent/agent-definition.ts'

/** Creates an agent's own claims that do not exist yet; existing ones stay unchanged. */
export async function ensureVolumeClaims(
  client: KubeClient,
  volumeClaims: readonly AgentVolumeClaim[],
  place: {
    namespace: string
    labels: Record<string, string>
    annotations: Record<string, string>
    signal: AbortSignal
  },
): Promise<void> {
  const { namespace, labels, annotations, signal } = place
  for (const claim of volumeClaims) {
    const { name, storage, storageClassName } = claim
    try {
      await client.get(kinds.PersistentVolumeClaim, { name, namespace, signal })
      continue
    } catch (error) {
      if (!isNotFound(error)) throw claimError(name, namespace, error)
    }
    try {
      await client.create(
        kinds.PersistentVolumeClaim,
        {
          metadata: { name, labels: { ...labels, ...claim.labels }, annotations },
          spec: {
            accessModes: ['ReadWriteOnce'],
            resources: { requests: { storage } },
            ...(storageClassName === undefined ? {} : { storageClassName }),
          },
        },
        { namespace, signal },
      )
    } catch (error) {
      // Another run of the same agent was first: the claim exists, which is all that is needed.
      if (!isAlreadyExists(error)) throw claimError(name, namespace, error)
    }
  }
}

function claimError(name: string, namespace: string, error: unknown): AdapterError {
  return new AdapterError(
    'k8s_claim_failed',
    `The claim ${namespace}/${name} is not there and could not be made: ${errorMessage(error)}. Check the storage class and the permission to get and create persistentvolumeclaims.`,
    { cause: error },
  )
}
