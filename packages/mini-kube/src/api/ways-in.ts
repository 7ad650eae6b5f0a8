import { ApiError, badRequest } from '../api-error.ts'
import type { Pod } from '../types.ts'
import type { NamedRequest } from './context.ts'

const ways = {
  exec: 'run a command in a container',
  attach: 'attach to a container',
  portforward: 'forward a port',
  proxy: 'pass on a request',
} as const

type WayIn = keyof typeof ways

export const isWayIn = (subresource: string | undefined): subresource is WayIn =>
  subresource !== undefined && subresource in ways

/** The requested container, or the real server's error. */
function checkContainer(pod: Pod, wanted: string | null): void {
  const { name } = pod.metadata
  const names = [...pod.spec.containers, ...(pod.spec.initContainers ?? [])].map((one) => one.name)
  if (wanted === null || wanted === '') {
    if (pod.spec.containers.length === 1) return
    const list = pod.spec.containers.map((one) => one.name).join(' ')
    throw badRequest(`a container name must be specified for pod ${name}, choose one of: [${list}]`)
  }
  if (!names.includes(wanted)) throw badRequest(`container ${wanted} is not valid for pod ${name}`)
}

/**
 * Containers can be entered only from the machine they run on. The errors of a real cluster come first, so that only a
 * request that would be served there gets the answer that it is not supported here.
 */
export function refuseWayIn({ cluster, resource, namespace, name, query, request }: NamedRequest, way: WayIn): void {
  const pod = cluster.objects.must(resource, namespace, name) as Pod
  if (way === 'exec' || way === 'attach') checkContainer(pod, query.get('container'))
  if (way !== 'proxy' && request.headers.upgrade === undefined) throw badRequest('Upgrade request required')
  throw new ApiError(
    501,
    'NotImplemented',
    `mini-kube cannot ${ways[way]}: containers are processes of the machine it runs on, reach them there`,
    { name, kind: 'pods' },
  )
}
