import type { KubeObjectRef } from './kube-error.ts'

/** The request of a response, for messages. */
export interface RequestLine {
  readonly method: string
  readonly path: string
  readonly object?: KubeObjectRef | undefined
}
