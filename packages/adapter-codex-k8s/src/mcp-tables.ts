import type { McpServers } from '@agent-jobs/adapter-kit'
import type { TomlValue } from './toml.ts'

type Table = Record<string, TomlValue>

/**
 * MCP servers as Codex writes them. `${NAME}` in them is replaced in the pod (`program/expand-config.ts`). `notes` say
 * which servers Codex knows by another name.
 */
export function mcpTables(
  servers: McpServers,
  required: boolean,
): { tables: Table; warnings: string[]; notes: string[] } {
  const warnings: string[] = []
  const usable = Object.entries(servers).flatMap(([name, server]): [string, Table][] => {
    const table = tableOf(server)
    if (table !== null) return [[name, { ...table, required }]]
    warnings.push(`MCP server "${name}" has neither \`command\` nor \`url\` and is left out.`)
    return []
  })
  const names = codexNames(usable.map(([name]) => name))
  const notes = [...names].flatMap(([name, known]) =>
    known === name ? [] : [`MCP server "${name}" has the name "${known}" in Codex.`],
  )
  const tables = Object.fromEntries(usable.map(([name, table]) => [names.get(name) ?? name, table]))
  return { tables, warnings, notes }
}

const refusedInNames = /[^a-zA-Z0-9_:@/.-]+/g

/**
 * Names that Codex accepts: with any other it does not start (docs/agent-clis.md#codex), and Paperclip's own servers have
 * spaces in theirs. Names that are valid stay as they are; no two servers share one.
 */
function codexNames(names: readonly string[]): Map<string, string> {
  const accepted = (name: string): boolean => name !== '' && name.search(refusedInNames) < 0
  const taken = new Set(names.filter(accepted))
  return new Map(
    names.map((name) => {
      if (accepted(name)) return [name, name]
      const base = name.replaceAll(refusedInNames, '_') || '_'
      let free = base
      for (let count = 2; taken.has(free); count++) free = `${base}_${count}`
      taken.add(free)
      return [name, free]
    }),
  )
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
