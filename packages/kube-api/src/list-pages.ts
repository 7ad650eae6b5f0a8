import type { ListOptions } from './call-options.ts'
import { reviveDates } from './date-fields.ts'
import { isGone } from './error-predicates.ts'
import { resourcePath, type KubeObject, type ResourceKind } from './resource-kind.ts'
import type { UnaryCalls } from './unary-calls.ts'

interface ListBody<T> {
  items?: T[] | null
  metadata?: { continue?: string; resourceVersion?: string }
}

/** Completes an item of a list, so that it equals one that was read individually. */
function complete<T extends KubeObject>(kind: ResourceKind<T>, item: T): T {
  // Items of a list lack these two.
  item.apiVersion ??= kind.apiVersion
  item.kind ??= kind.kind
  if (kind.dates) reviveDates(kind.dates, item)
  return item
}

/** Reads all pages of a list. If a page has expired, it starts over with a single request. */
export async function listPages<T extends KubeObject>(
  unary: UnaryCalls,
  kind: ResourceKind<T>,
  { namespace, labelSelector, fieldSelector, signal, limit: pageSize = 500 }: ListOptions = {},
): Promise<{ items: T[]; resourceVersion: string }> {
  const path = resourcePath(kind, { namespace })
  const object = { kind: kind.kind, ...(namespace === undefined ? {} : { namespace }) }
  const items: T[] = []
  let limit: number | undefined = pageSize
  let next: string | undefined
  for (;;) {
    try {
      const query = { labelSelector, fieldSelector, limit, continue: next }
      const read = { method: 'GET', path, object, query, signal, repeatable: 'always' } as const
      const body = (await unary.call(read)) as ListBody<T>
      for (const item of body.items ?? []) items.push(complete(kind, item))
      next = body.metadata?.continue
      if (!next) return { items, resourceVersion: body.metadata?.resourceVersion ?? '' }
    } catch (error) {
      if (!isGone(error) || next === undefined) throw error
      // The list took longer than the server keeps old versions. The rest would be of another time: read all of it at once.
      items.length = 0
      next = undefined
      limit = undefined
    }
  }
}
