import type { AdapterRuntimeToolAccess } from '@paperclipai/adapter-utils'
import { describe, expect, it } from 'vitest'
import { runtimeToolsVariables } from './runtime-tools.ts'

const access: AdapterRuntimeToolAccess = {
  version: 1,
  guidance: 'Ask for a connection.',
  mcpEndpoint: 'http://127.0.0.1:3100/mcp/runtime-tools',
  rest: {
    connectionsSearch: 'http://127.0.0.1:3100/search',
    connectionRequest: 'http://127.0.0.1:3100/request',
  },
  bearerToken: 'tools-token-0123456789',
  expiresAt: '2026-11-21T20:00:00.000Z',
  tools: ['connections_search', 'connection_request'],
}

describe("Paperclip's own tools", () => {
  it('reach agents that read them from the environment, at addresses that a pod can reach', () => {
    const apiUrl = 'http://10.0.0.7:3100'
    expect(runtimeToolsVariables(access, { delivery: 'environment', apiUrl })).toEqual({
      PAPERCLIP_RUNTIME_TOOLS_MCP_URL: 'http://10.0.0.7:3100/mcp/runtime-tools',
      PAPERCLIP_RUNTIME_TOOLS_TOKEN: 'tools-token-0123456789',
      PAPERCLIP_RUNTIME_TOOLS_EXPIRES_AT: '2026-11-21T20:00:00.000Z',
      PAPERCLIP_RUNTIME_TOOLS_CONNECTIONS_SEARCH_URL: 'http://10.0.0.7:3100/search',
      PAPERCLIP_RUNTIME_TOOLS_CONNECTION_REQUEST_URL: 'http://10.0.0.7:3100/request',
      PAPERCLIP_RUNTIME_TOOLS_AVAILABLE: 'connections_search,connection_request',
      PAPERCLIP_RUNTIME_TOOLS_GUIDANCE: 'Ask for a connection.',
    })
  })

  it('are absent when Paperclip offers none, or passes them as an MCP server', () => {
    expect(runtimeToolsVariables(undefined, { delivery: 'environment', apiUrl: null })).toEqual({})
    expect(runtimeToolsVariables(access, { delivery: 'native_mcp', apiUrl: null })).toEqual({})
  })
})
