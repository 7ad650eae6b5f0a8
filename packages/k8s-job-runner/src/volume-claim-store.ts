import { kinds, type KubeClient } from '@agent-jobs/kube-api'
import { instant, type VolumeClaim } from './kubernetes.ts'
import { isPodTerminal } from './read-pod.ts'
import type { ReapEntry, ReapStore } from './reap.ts'

/** What is known about the owner of a claim. */
export type OwnerState = 'present' | 'absent' | 'unknown'

/** Which claims to check, and how to tell whether they are still needed. */
export interface VolumeClaimStoreOptions {
  client: KubeClient
  namespace: string
  /** Selects the claims to check. */
  labelSelector: string
  /** The owner of a claim; null if the claim names none. */
  ownerOf: (claim: VolumeClaim) => string | null
  /** Whether an owner still exists. `unknown`, and an error, keep the claim. */
  ownerState: (owner: string, claim: VolumeClaim, signal?: AbortSignal) => Promise<OwnerState>
}

async function verdictOf(
  claim: VolumeClaim,
  users: ReadonlyMap<string, string>,
  { ownerOf, ownerState }: VolumeClaimStoreOptions,
  signal?: AbortSignal,
): Promise<NonNullable<ReapEntry['verdict']>> {
  const kept = (reason: string) => ({ orphaned: false, reason })
  const { name = '', deletionTimestamp } = claim.metadata ?? {}
  if (deletionTimestamp !== undefined) return kept('it is being deleted already')
  const user = users.get(name)
  if (user !== undefined) return kept(`pod ${user} uses it`)
  const owner = ownerOf(claim)
  if (owner === null) return kept('it does not say whose it is')
  try {
    const state = await ownerState(owner, claim, signal)
    if (state === 'absent') return { orphaned: true, reason: `its owner ${owner} is gone` }
    return kept(
      state === 'present' ? `its owner ${owner} is there` : `whether its owner ${owner} is there is not known`,
    )
  } catch (error) {
    signal?.throwIfAborted()
    return kept(
      `whether its owner ${owner} is there is not known: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/**
 * Claims with an owner outside the cluster, for `reap`. A claim is removed only when its owner is surely gone and no
 * pod that may still run uses it: its data cannot be restored.
 */
export function volumeClaimStore(options: VolumeClaimStoreOptions): ReapStore {
  const { client, namespace } = options
  const seen = new Map<string, { uid: string | undefined; resourceVersion: string | undefined }>()
  return {
    kind: 'PersistentVolumeClaim',
    async *list(signal) {
      const selection = { namespace, labelSelector: options.labelSelector, signal }
      const { items: claims } = await client.list(kinds.PersistentVolumeClaim, selection)
      const { items: pods } = await client.list(kinds.Pod, { namespace, signal })
      const users = new Map(
        pods
          .filter((pod) => !isPodTerminal(pod))
          .flatMap((pod) =>
            (pod.spec?.volumes ?? []).flatMap(({ persistentVolumeClaim }) =>
              persistentVolumeClaim ? [[persistentVolumeClaim.claimName, pod.metadata?.name ?? ''] as const] : [],
            ),
          ),
      )
      for (const claim of claims) {
        const { name: id = '', uid, resourceVersion, creationTimestamp } = claim.metadata ?? {}
        seen.set(id, { uid, resourceVersion })
        const changedAt = instant(creationTimestamp) ?? Number.NaN
        yield { id, runId: undefined, changedAt, verdict: await verdictOf(claim, users, options, signal) }
      }
    },
    async remove(name, signal) {
      const preconditions = seen.get(name)
      if (preconditions === undefined)
        throw new TypeError(`Expected the name of a claim that was listed, got \`${name}\``)
      await client.delete(kinds.PersistentVolumeClaim, { name, namespace, preconditions, signal })
    },
  }
}
