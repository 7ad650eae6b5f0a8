import type { McpServers } from '@agent-jobs/adapter-kit'
import type { TomlValue } from './toml.ts'

type Table = Record<string, TomlValue>

/** MCP servers as Codex writes them. `${NAME}` in them is replaced in the pod (`program/expand-config.ts`). */
export function mcpTables(servers: McpServers, required: boolean): { tables: Table; warnings: string[] } {
  const tables: Table = {}
  const warnings: string[] = []
  for (const [name, server] of Object.entries(servers)) {
    const table = tableOf(server)
    if (table === null) warnings.push(`MCP server "${name}" has neither \`command\` nor \`url\` and is left out.`)
    else tables[name] = { ...table, required }
  }
  return { tables, warnings }
}

function tableOf(server: Record<string, unknown>): Table | null {
  const { url, command, args } = server
  if (typeof url === 'string') {
    const headers = textsOf(server['headers'])
    return { url, ...(Object.keys(headers).length === 0 ? {} : { http_headers: headers }) }
  }
  if (typeof command !== 'string') return null
  const env = textsOf(server['env'])
  return {
    command,
    args: Array.isArray(args) ? args.filter((each) => typeof each === 'string') : [],
    ...(Object.keys(env).length === 0 ? {} : { env }),
  }
}

function textsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return {}
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  )
}
