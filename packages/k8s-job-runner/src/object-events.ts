import { kinds } from '@agent-jobs/kube-api'
import { errorClause } from '@agent-jobs/primitives'
import { instant, type KubeEvent } from './kubernetes.ts'
import { readEvent } from './read-object.ts'
import type { RunnerContext } from './runner-context.ts'

/** When an Event last happened, in milliseconds, for sorting. */
function eventTime(event: KubeEvent): number {
  return (
    instant(event.series?.lastObservedTime) ??
    instant(event.lastTimestamp) ??
    instant(event.eventTime) ??
    instant(event.metadata?.creationTimestamp) ??
    0
  )
}

/** The Events of some objects. */
export interface ObjectEvents {
  /** Also watches the Events of this object. */
  about(uid: string): void
}

/** Watches the Events of some objects, one watch each, and passes on all of them in order after every change. */
export function createObjectEvents(
  context: RunnerContext,
  signal: AbortSignal,
  onEvents: (events: KubeEvent[], fresh: KubeEvent) => void,
): ObjectEvents {
  const { client, namespace, warn } = context
  const asked = new Set<string>()
  const known = new Map<string, KubeEvent>()
  async function watch(uid: string): Promise<void> {
    const fieldSelector = `involvedObject.uid=${uid}`
    for await (const event of client.listWatch(kinds.Event, { namespace, fieldSelector, signal })) {
      if (event.type !== 'added' && event.type !== 'modified') continue
      const fresh = readEvent(event.object)
      if (fresh === undefined) continue
      known.set(fresh.metadata.uid ?? '', fresh)
      // An object has few Events: the API server merges equal ones. The bound is for a server that does not.
      if (known.size > 200) known.delete(known.keys().next().value ?? '')
      onEvents(
        [...known.values()].sort((a, b) => eventTime(a) - eventTime(b)),
        fresh,
      )
    }
  }
  return {
    about(uid) {
      if (asked.has(uid) || signal.aborted) return
      asked.add(uid)
      watch(uid).catch((error: unknown) => {
        if (signal.aborted) return
        const message = `The Events about ${uid} cannot be read: ${errorClause(error)}. Reasons that only Events contain will be missing.`
        warn({ code: 'events_unreadable', message, cause: error })
      })
    },
  }
}
