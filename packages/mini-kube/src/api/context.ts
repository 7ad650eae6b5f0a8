import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Cluster } from '../cluster.ts'
import type { ResourceDefinition } from '../kinds/resource-definition.ts'
import type { User } from './user.ts'

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
