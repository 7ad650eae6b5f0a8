import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Cluster } from '../cluster.ts'
import type { ResourceDefinition } from '../kinds/resource-definition.ts'

/** The user of a request. */
export interface User {
  name: string
  groups: string[]
  uid?: string
  extra?: Record<string, string[]>
}

/** A request with its parsed path. */
export interface ApiRequest {
  cluster: Cluster
  request: IncomingMessage
  response: ServerResponse
  method: string
  url: URL
  query: URLSearchParams
  user: User
  resource: ResourceDefinition
  namespace: string | undefined
  name: string | undefined
  subresource: string | undefined
  /** Ends with the connection or the cluster. */
  signal: AbortSignal
}

/** The same, for an endpoint that names one object. */
export type NamedRequest = ApiRequest & { name: string }
