import { isAlreadyExists, isNotFound, type KubeClient, type KubeObject, type ResourceKind } from '@agent-jobs/kube-api'
import type { Manifest } from '@agent-jobs/manifests'

const clusterWide: ReadonlySet<string> = new Set(['Namespace', 'ClusterRole', 'ClusterRoleBinding', 'PersistentVolume'])

/** How the API names the kind of a manifest. */
function kindOf({ apiVersion, kind }: Manifest): ResourceKind<KubeObject> {
  const plural = `${kind.toLowerCase()}s`.replace(/ys$/, 'ies').replace(/ss$/, 'sses')
  return { apiVersion, kind, plural, namespaced: !clusterWide.has(kind) }
}

/** Creates objects and changes those that are there, as `kubectl apply` does. */
export async function applyManifests(client: KubeClient, manifests: readonly Manifest[]): Promise<void> {
  for (const manifest of manifests) {
    const { name, namespace } = manifest.metadata
    const place = namespace === undefined ? {} : { namespace }
    try {
      await client.create(kindOf(manifest), manifest as KubeObject, place)
    } catch (error) {
      if (!isAlreadyExists(error)) throw error
      await client.patch(kindOf(manifest), { ...place, name, type: 'merge', body: manifest })
    }
  }
}

/** Deletes objects that are there. */
export async function deleteManifests(client: KubeClient, manifests: readonly Manifest[]): Promise<void> {
  for (const manifest of manifests) {
    const { name, namespace } = manifest.metadata
    try {
      await client.delete(kindOf(manifest), { name, ...(namespace === undefined ? {} : { namespace }) })
    } catch (error) {
      if (!isNotFound(error)) throw error
    }
  }
}
