import type { AdapterRuntimeToolAccess, AdapterRuntimeToolDelivery } from '@paperclipai/adapter-utils'
import { buildRuntimeToolsEnv } from '@paperclipai/adapter-utils/server-utils'
import { reachableUrl } from './mcp-servers.ts'

/**
 * Paperclip's own tools (the connections of a company) for agents that read them from the environment; the others get them
 * as an MCP server. The token in it is valid for this run only.
 */
export function runtimeToolsVariables(
  access: AdapterRuntimeToolAccess | undefined,
  { delivery, apiUrl }: { delivery: AdapterRuntimeToolDelivery; apiUrl: string | null },
): Record<string, string> {
  if (access === undefined || delivery !== 'environment') return {}
  const here = (url: string) => reachableUrl(url, apiUrl)
  const { connectionsSearch, connectionRequest } = access.rest
  return buildRuntimeToolsEnv({
    ...access,
    mcpEndpoint: here(access.mcpEndpoint),
    rest: { connectionsSearch: here(connectionsSearch), connectionRequest: here(connectionRequest) },
  })
}
