import type { V1ConfigMap } from '@kubernetes/client-node'
import type { ListWatchEvent } from '../src/watch/subscription.ts'

/** A small object at a version. */
export function configMap(name: string, resourceVersion: number | string, uid = `uid-${name}`): V1ConfigMap {
  return {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name, namespace: 'ns', uid, resourceVersion: String(resourceVersion) },
  }
}

export const watchEvent = (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: unknown) => ({ type, object })
export const added = (name: string, version: number, uid?: string) => watchEvent('ADDED', configMap(name, version, uid))
export const modified = (name: string, version: number, uid?: string) =>
  watchEvent('MODIFIED', configMap(name, version, uid))
export const deleted = (name: string, version: number, uid?: string) =>
  watchEvent('DELETED', configMap(name, version, uid))

export function bookmark(resourceVersion: number, { end = false } = {}) {
  const annotations = end ? { 'k8s.io/initial-events-end': 'true' } : undefined
  return {
    type: 'BOOKMARK',
    object: { kind: 'ConfigMap', metadata: { resourceVersion: String(resourceVersion), annotations } },
  }
}

export const expired = {
  type: 'ERROR',
  object: { kind: 'Status', message: 'too old resource version: 1 (8651)', reason: 'Expired', code: 410 },
}

/** An event as short text: `added a@5`, `synced 7`. */
function brief(event: ListWatchEvent<V1ConfigMap>): string {
  if (event.type === 'synced') return `synced ${event.resourceVersion}`
  const { name, resourceVersion } = event.object.metadata ?? {}
  return `${event.type} ${name}@${resourceVersion}`
}

/** Takes this many events as short texts. */
export async function take(events: AsyncIterator<ListWatchEvent<V1ConfigMap>>, count: number): Promise<string[]> {
  const taken: string[] = []
  while (taken.length < count) {
    const { done, value } = await events.next()
    if (done) return [...taken, 'done']
    taken.push(brief(value))
  }
  return taken
}
