import type { CoreV1Event } from '@kubernetes/client-node'
import type { RunView } from './run-view.ts'

const advice: Readonly<Record<string, string>> = {
  ImagePullBackOff: 'The node cannot pull the image. Check --image; for a private registry, pass --pull-secret NAME.',
  ErrImagePull: 'The node cannot pull the image. Check --image; for a private registry, pass --pull-secret NAME.',
  InvalidImageName: 'The name of the image is not valid. Check --image.',
  CreateContainerConfigError: 'A Secret, ConfigMap or key that the container needs is missing.',
  Unschedulable:
    'No node can take the pod. Ask for less with --cpu and --memory, or allow more nodes with --node-selector and --toleration.',
  Suspended: 'The Job waits until its queue admits it.',
  NoPod: 'The Job has no pod yet.',
}

/** Why a run waits and what to do about it, with the newest message of the cluster; null for one that does not wait. */
export function adviceFor({ state, reason }: RunView, events: readonly CoreV1Event[]): string | null {
  if (state !== 'pending' && state !== 'queued') return null
  const newest = events.findLast(({ type }) => type === 'Warning')?.message
  const words = newest === undefined ? '' : ` The cluster says: ${newest}`
  return `${advice[reason ?? ''] ?? `It waits: ${reason ?? 'the pod is being prepared'}.`}${words}`
}
