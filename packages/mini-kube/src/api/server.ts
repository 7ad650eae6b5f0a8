import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { ApiError, pathNotFound } from '../api-error.ts'
import type { Cluster } from '../cluster.ts'
import { findResource, groupVersions } from '../kinds/registry.ts'
import { randomUid } from '../names.ts'
import type { Tokens } from './auth.ts'
import type { ApiRequest } from './context.ts'
import type { User } from './user.ts'
import { dispatch } from './dispatch.ts'
import { apiGroup, apiGroups, apiResources, apiVersions, versionInfo } from './discovery.ts'
import { openapiDocument, openapiIndex } from './openapi.ts'
import { authorize } from './rbac.ts'
import { sendError, sendJson, sendText } from './respond.ts'

/** Called before every request; may delay, throw an ApiError or wrap the response. `userName` returns the sender. */
export type RequestFilter = (
  request: IncomingMessage,
  response: ServerResponse,
  path: string,
  userName: () => string | undefined,
) => Promise<void>

export interface ApiServerOptions {
  cluster: Cluster
  tokens: Tokens
  host: string
  port: number
  filter: RequestFilter
  /** Endpoints outside of Kubernetes, such as /mini-kube/faults. */
  extension: (path: string, user: User, request: IncomingMessage, response: ServerResponse) => Promise<boolean>
  onRequest?:
    | ((request: { method: string; path: string; status: number; durationMs: number; user: string }) => void)
    | undefined
}

export interface ApiServer {
  url: string
  port: number
  /** Cuts every open connection. */
  cutAll(): void
  /** Stops listening and cuts connections; `up` listens again on the same port. */
  down(): Promise<void>
  up(): Promise<void>
  close(): Promise<void>
}

interface Path {
  version: string
  namespace: string | undefined
  plural: string
  name: string | undefined
  subresource: string | undefined
}

/** Parses a resource path; undefined for other paths. */
function parsePath(pathname: string): Path | undefined {
  const segments = pathname
    .split('/')
    .filter((segment) => segment !== '')
    .map(decodeURIComponent)
  const core = segments[0] === 'api'
  if (!core && segments[0] !== 'apis') return undefined
  const version = core ? segments[1] : `${segments[1]}/${segments[2]}`
  const rest = segments.slice(core ? 2 : 3)
  if (version === undefined || rest.length === 0) return undefined
  if (
    rest[0] === 'namespaces' &&
    rest.length > 2 &&
    !(rest.length === 3 && ['status', 'finalize'].includes(rest[2] ?? ''))
  ) {
    const [, namespace, plural = '', name, subresource] = rest
    // What comes after pods/NAME/proxy is a path inside the pod.
    return rest.length > 5 && subresource !== 'proxy' ? undefined : { version, namespace, plural, name, subresource }
  }
  const [plural = '', name, subresource] = rest
  return rest.length > 3 ? undefined : { version, namespace: undefined, plural, name, subresource }
}

/**
 * `/token/TOKEN/api/…` is `/api/…` with that token: kubectl and everything else made with client-go send no Authorization
 * header over plain HTTP, but they keep the path of the server's address.
 */
function splitToken(raw: string): { url: URL; token: string | undefined } {
  const match = /^\/token\/([^/?]+)(\/.*)?$/.exec(raw)
  return { url: new URL(match === null ? raw : (match[2] ?? '/'), 'http://mini-kube'), token: match?.[1] }
}

/** The path without its token, for `onRequest`. */
function plainPath(raw: string | undefined): string {
  const { pathname, search } = splitToken(raw ?? '/').url
  return `${pathname}${search}`
}

/** The user in Impersonate-User, if the sender may impersonate. */
function impersonated(cluster: Cluster, user: User, { headersDistinct: headers }: IncomingMessage): User {
  const name = headers['impersonate-user']?.[0]
  if (name === undefined) return user
  authorize(
    cluster,
    user,
    { verb: 'impersonate', group: '', resource: 'users', name },
    { group: '', plural: 'users', kind: 'User' },
  )
  return { name, groups: [...(headers['impersonate-group'] ?? []), 'system:authenticated'] }
}

const verbs: Record<string, string> = { POST: 'create', PUT: 'update', PATCH: 'patch' }

function verbOf(method: string, named: boolean, query: URLSearchParams): string {
  if (method === 'GET' || method === 'HEAD') {
    if (named) return 'get'
    return ['true', '1'].includes(query.get('watch') ?? '') ? 'watch' : 'list'
  }
  if (method === 'DELETE') return named ? 'delete' : 'deletecollection'
  return verbs[method] ?? method.toLowerCase()
}

const plain = new Set(['/healthz', '/livez', '/readyz'])

function answerFixed(path: string, host: string, response: ServerResponse): boolean {
  const trimmed = path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
  if (plain.has(trimmed)) {
    sendText(response, 200, 'ok')
    return true
  }
  const found = fixedDocument(trimmed, host)
  if (found === undefined) return false
  sendJson(response, 200, found)
  return true
}

function fixedDocument(path: string, host: string): object | undefined {
  if (path === '/version') return versionInfo()
  if (path === '/api') return apiVersions(host)
  if (path === '/apis') return apiGroups()
  if (path === '/openapi/v3') return openapiIndex()
  if (path.startsWith('/openapi/v3/')) return openapiDocument(path.slice(12).replace(/^apis?\//, ''))
  if (path === '/api/v1') return apiResources('v1')
  const group = /^\/apis\/([^/]+)(?:\/([^/]+))?$/.exec(path)
  if (group === null) return undefined
  const [, name = '', version] = group
  return version === undefined ? apiGroup(name) : apiResources(`${name}/${version}`)
}

/** The HTTP server of the cluster. */
export async function startApiServer(options: ApiServerOptions): Promise<ApiServer> {
  const { cluster, tokens, filter } = options
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    const started = performance.now()
    let user: User | undefined
    response.setHeader('audit-id', randomUid(Math.random))
    response.once('close', () =>
      options.onRequest?.({
        method: request.method ?? '',
        path: plainPath(request.url),
        status: response.statusCode,
        durationMs: performance.now() - started,
        user: user?.name ?? '',
      }),
    )
    // A response that the client abandons ends with an error that nothing else handles.
    response.on('error', () => response.destroy())
    const handle = async () => {
      const { url, token } = splitToken(request.url ?? '/')
      const bearer = request.headers.authorization ?? (token === undefined ? undefined : `Bearer ${token}`)
      if (url.pathname.startsWith('/mini-kube/')) {
        user = tokens.authenticate(bearer)
        if (await options.extension(url.pathname, user, request, response)) return
      }
      await filter(request, response, `${url.pathname}${url.search}`, () => tokens.nameOf(bearer))
      user = impersonated(cluster, tokens.authenticate(bearer), request)
      await route(url, request, response, user)
    }
    handle().catch((error: unknown) => {
      if (!ApiError.isInstance(error) && !cluster.signal.aborted && !response.destroyed) {
        cluster.onError(error, `${request.method} ${plainPath(request.url)}`)
      }
      if (!response.destroyed) sendError(response, error)
    })
  })

  async function route(url: URL, request: IncomingMessage, response: ServerResponse, user: User): Promise<void> {
    const method = request.method ?? 'GET'
    const path = parsePath(url.pathname)
    const resource = path === undefined ? undefined : findResource(path.version, path.plural)
    if (path === undefined || resource === undefined) {
      authorize(cluster, user, { verb: method.toLowerCase(), group: '', resource: '', path: url.pathname })
      if (method === 'GET' && answerFixed(url.pathname, request.headers.host ?? '', response)) return
      if (path !== undefined && groupVersions().includes(path.version)) throw pathNotFound()
      sendText(response, 404, '404 page not found\n')
      return
    }
    const { name, subresource } = path
    const namespace = resource.plural === 'namespaces' && path.namespace === undefined ? name : path.namespace
    if (resource.namespaced !== (path.namespace !== undefined) && (name !== undefined || method === 'POST'))
      throw pathNotFound()
    const verb = verbOf(method, name !== undefined, url.searchParams)
    authorize(
      cluster,
      user,
      { verb, group: resource.group, resource: resource.plural, subresource, namespace, name },
      resource,
    )
    const gone = new AbortController()
    response.once('close', () => gone.abort(new Error('the client is gone')))
    const context: ApiRequest = {
      cluster,
      request,
      response,
      method,
      url,
      query: url.searchParams,
      user,
      resource,
      namespace: resource.namespaced ? path.namespace : undefined,
      name,
      subresource,
      signal: AbortSignal.any([cluster.signal, gone.signal]),
    }
    await dispatch(context, verb, tokens)
  }

  // A watch may be silent indefinitely.
  server.requestTimeout = 0
  server.headersTimeout = 60_000
  server.keepAliveTimeout = 90_000
  server.on('connection', (socket) => {
    socket.setNoDelay(true)
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await listen(server, options.port, options.host)
  const { port } = server.address() as AddressInfo

  const cutAll = () => {
    for (const socket of sockets) socket.destroy()
  }
  const down = () =>
    new Promise<void>((resolve, reject) => {
      if (!server.listening) {
        resolve()
        return
      }
      server.close((error) => (error === undefined ? resolve() : reject(error)))
      cutAll()
    })
  return {
    url: `http://${options.host}:${port}`,
    port,
    cutAll,
    down,
    up: () => listen(server, port, options.host),
    close: down,
  }
}

const listen = (server: Server, port: number, host: string) =>
  new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
