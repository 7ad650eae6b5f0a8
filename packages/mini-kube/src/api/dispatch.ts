import { ApiError, notFound, pathNotFound } from '../api-error.ts'
import { namespace as namespaceResource, serviceAccount } from '../kinds/core.ts'
import { sameJson } from '../kinds/resource-definition.ts'
import { wholeSeconds } from '../names.ts'
import type { KubeObject } from '../types.ts'
import type { Tokens } from './auth.ts'
import type { ApiRequest, NamedRequest } from './context.ts'
import { isWayIn, refuseWayIn } from './ways-in.ts'
import { evictPod } from './eviction.ts'
import { serveLog } from './logs.ts'
import { getObject, listObjects } from './read.ts'
import { parseObject, readBody, sendJson } from './respond.ts'
import { answerReview } from './reviews.ts'
import { watchObjects } from './watch.ts'
import { createObject, deleteCollection, deleteObject, patchObject, replaceObject } from './write.ts'

const named = (context: ApiRequest): context is NamedRequest => context.name !== undefined

const notAllowed = () =>
  new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource', {})

/** Passes an authorised request to its handler. */
export async function dispatch(context: ApiRequest, verb: string, tokens: Tokens): Promise<void> {
  const { resource, subresource } = context
  if (!resource.stored) {
    if (verb !== 'create') throw notAllowed()
    await answerReview(context)
    return
  }
  if (named(context) && subresource !== undefined && subresource !== 'status') {
    await dispatchSubresource(context, verb, tokens)
    return
  }
  if (subresource === 'status' && !resource.subresources.some(({ name }) => name === 'status')) throw pathNotFound()
  if (verb === 'watch' || (verb === 'get' && ['true', '1'].includes(context.query.get('watch') ?? '')))
    await watchObjects(context)
  else if (verb === 'list') listObjects(context)
  else if (verb === 'create' && !named(context)) await createObject(context)
  else if (verb === 'deletecollection') await deleteCollection(context)
  else if (!named(context)) throw notAllowed()
  else if (verb === 'get') getObject(context)
  else if (verb === 'update') await replaceObject(context)
  else if (verb === 'patch') await patchObject(context)
  else if (verb === 'delete') await deleteObject(context)
  else throw notAllowed()
}

async function dispatchSubresource(context: NamedRequest, verb: string, tokens: Tokens): Promise<void> {
  const { resource, subresource } = context
  const known = resource.subresources.find(({ name }) => name === subresource)
  if (known === undefined) throw pathNotFound()
  if (!known.verbs.includes(verb)) throw notAllowed()
  if (subresource === 'log') await serveLog(context)
  else if (isWayIn(subresource)) refuseWayIn(context, subresource)
  else if (subresource === 'eviction') await evictPod(context)
  else if (subresource === 'binding') await bindPod(context)
  else if (subresource === 'token') await requestToken(context, tokens)
  else if (subresource === 'finalize') await finalizeNamespace(context)
  else throw pathNotFound()
}

async function bindPod(context: NamedRequest): Promise<void> {
  const body = parseObject(await readBody(context.request))
  const target = body['target'] as { name?: string } | undefined
  const { cluster, resource, namespace, name } = context
  const found = cluster.objects.must(resource, namespace, name)
  cluster.store.put(resource.id, { ...found, spec: { ...found.spec, nodeName: target?.name } })
  sendJson(context.response, 201, { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', code: 201 })
}

async function requestToken(context: NamedRequest, tokens: Tokens): Promise<void> {
  const { cluster, namespace = '', name, response } = context
  const body = parseObject(await readBody(context.request))
  const spec = (body['spec'] ?? {}) as { expirationSeconds?: number; audiences?: string[] }
  const account = cluster.objects.must(serviceAccount, namespace, name)
  const seconds = spec.expirationSeconds ?? 3_600
  const { token, expiresAt } = tokens.issue({ namespace, name, uid: account.metadata.uid }, seconds)
  sendJson(response, 201, {
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: { name, namespace, creationTimestamp: wholeSeconds(cluster.clock.wallTime()) },
    spec: {
      audiences: spec.audiences ?? ['https://kubernetes.default.svc'],
      expirationSeconds: seconds,
      boundObjectRef: null,
    },
    status: { token, expirationTimestamp: wholeSeconds(expiresAt) },
  })
}

async function finalizeNamespace(context: NamedRequest): Promise<void> {
  const body = parseObject(await readBody(context.request)) as KubeObject
  const { cluster, name, response } = context
  const found = cluster.objects.get(namespaceResource, undefined, name)
  if (found === undefined) throw notFound(namespaceResource, name)
  const next = { ...found, spec: { ...found.spec, finalizers: body.spec?.['finalizers'] ?? [] } }
  const done = next.metadata.deletionTimestamp !== undefined && sameJson(next.spec.finalizers, [])
  sendJson(
    response,
    200,
    done ? cluster.store.remove(namespaceResource.id, next) : cluster.store.put(namespaceResource.id, next),
  )
}
