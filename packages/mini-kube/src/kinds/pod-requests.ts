import { quantity } from '../kubelet/environment.ts'
import type { Container, PodSpec } from '../types.ts'

/**
 * What a pod requests of one resource: its containers and sidecars together, or its largest init container with the
 * sidecars started before it, whichever is more.
 */
export function podRequest(
  { spec }: { spec: PodSpec },
  resource: string,
  kind: 'requests' | 'limits' = 'requests',
): number {
  const of = (container: Container) => quantity(container.resources?.[kind]?.[resource]) || 0
  let sidecars = 0
  let most = 0
  for (const container of spec.initContainers ?? []) {
    if (container.restartPolicy === 'Always') sidecars += of(container)
    else most = Math.max(most, sidecars + of(container))
  }
  return Math.max(most, sidecars + spec.containers.reduce((sum, one) => sum + of(one), 0))
}
