import type { KubeObjectRef } from './kube-error.ts'

/** The request an answer belongs to, for the message. */
export interface RequestLine {
  readonly method: string
  readonly path: string
  readonly object?: KubeObjectRef | undefined
}
