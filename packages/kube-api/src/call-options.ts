import type { Query } from './query-string.ts'
import type { Selection } from './watch/watch-source.ts'

/** Where an object is. */
export interface Place {
  readonly namespace?: string | undefined
  readonly signal?: AbortSignal | undefined
}

/** Narrows a list and sets its page size. */
export interface ListOptions extends Selection {
  /** Objects per request; all pages are read. */
  readonly limit?: number | undefined
  readonly signal?: AbortSignal | undefined
}

/** How to delete an object. */
export interface DeleteOptions extends Place {
  readonly name: string
  readonly propagationPolicy?: 'Foreground' | 'Background' | 'Orphan' | undefined
  readonly gracePeriodSeconds?: number | undefined
  readonly preconditions?:
    | { readonly uid?: string | undefined; readonly resourceVersion?: string | undefined }
    | undefined
}

/** How to change an object in part. */
export interface PatchOptions extends Place {
  readonly name: string
  readonly type: 'merge' | 'json' | 'strategic' | 'apply'
  readonly body: unknown
  /** Only for `apply`. */
  readonly fieldManager?: string | undefined
  /** Only for `apply`: take over fields that others manage. */
  readonly force?: boolean | undefined
}

/** A call without a method of its own. */
export interface RawRequest {
  readonly method: string
  readonly path: string
  readonly query?: Query | undefined
  readonly body?: unknown
  readonly headers?: Readonly<Record<string, string>> | undefined
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
  /** How to return the response body: parsed as JSON, or as text (`/readyz`, `/metrics`). Default `json`. */
  readonly answer?: 'json' | 'text' | undefined
}
