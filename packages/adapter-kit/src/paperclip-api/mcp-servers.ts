import { createHash } from 'node:crypto'
import type { AdapterRuntimeMcpServer } from '@paperclipai/adapter-utils'
import { isRecord, readRecord } from '../settings/loose-text.ts'

/** MCP servers by name, each as the user or Paperclip described it; `${NAME}` in them is a variable of the agent's. */
export type McpServers = Record<string, Record<string, unknown>>

function serversOf(value: unknown): McpServers {
  if (!isRecord(value)) return {}
  const servers = isRecord(value['mcpServers']) ? value['mcpServers'] : value
  return Object.fromEntries(
    Object.entries(servers).filter((entry): entry is [string, Record<string, unknown>] => isRecord(entry[1])),
  )
}

const loopback = new Set(['localhost', '127.0.0.1', '[::1]', '0.0.0.0'])

/** True for a URL of the local machine. */
export function isLoopbackUrl(url: string): boolean {
  return URL.canParse(url) && loopback.has(new URL(url).hostname)
}

/** Paperclip builds URLs from its own listen address; in a pod that is the pod itself. */
export function reachableUrl(url: string, apiUrl: string | null): string {
  if (apiUrl === null || !isLoopbackUrl(url) || !URL.canParse(apiUrl)) return url
  const target = new URL(url)
  const api = new URL(apiUrl)
  target.protocol = api.protocol
  target.hostname = api.hostname
  // If the API's URL has no explicit port, the loopback port must be removed.
  target.port = api.port
  return target.toString()
}

const variable = (name: string): string => `$\{${name}}`
const remote = (url: string, token: string) => ({ type: 'http', url, headers: { Authorization: `Bearer ${token}` } })

/** A server of Paperclip's own API, by the address and password that the launcher puts into the agent's environment. */
function behindProxy(url: string, apiUrl: string | null) {
  const { pathname, search } = new URL(url)
  const base = apiUrl === null ? '' : new URL(apiUrl).pathname.replace(/\/$/, '')
  const path = pathname.startsWith(`${base}/`) ? pathname.slice(base.length) : pathname
  return remote(`${variable('PAPERCLIP_API_URL')}${path}${search}`, variable('PAPERCLIP_API_KEY'))
}

/** Joins the volume's, the user's and Paperclip's own MCP servers; later ones win. */
export function joinMcpServers(input: {
  baseline: string | Error | null
  configured: Record<string, unknown> | undefined
  runtime: readonly AdapterRuntimeMcpServer[]
  apiUrl: string | null
  /** The run's token, when the launcher's proxy uses it for the agent, which must not have it. */
  proxiedToken: string | null
}): { servers: McpServers; warnings: string[] } {
  const warnings: string[] = []
  let baseline: McpServers = {}
  if (input.baseline !== null) {
    const { baseline: text } = input
    const read = text instanceof Error ? { ok: false as const, error: text.message } : readRecord(text)
    if (read.ok) baseline = serversOf(read.value)
    else warnings.push(`The .mcp.json on the data volume cannot be read (${read.error}); its MCP servers are left out.`)
  }
  const { apiUrl, proxiedToken } = input
  const runtime = Object.fromEntries(
    input.runtime.map(({ name, url, token }) => [
      name,
      token === proxiedToken ? behindProxy(url, apiUrl) : remote(reachableUrl(url, apiUrl), token),
    ]),
  )
  return { servers: { ...baseline, ...serversOf(input.configured), ...runtime }, warnings }
}

/** Names a set of MCP servers without their secrets: the same servers give the same identity. */
export function mcpIdentity(servers: McpServers): string | null {
  const names = Object.keys(servers).sort()
  if (names.length === 0) return null
  const parts = names.map((name) => [name, servers[name]?.['url'] ?? null, servers[name]?.['command'] ?? null])
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16)
}
