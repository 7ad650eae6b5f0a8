import type { McpServers } from '@agent-jobs/adapter-kit'
import type { CodexSettings } from './codex-settings.ts'
import { mcpTables } from './mcp-tables.ts'
import { quietSettings } from './quiet-options.ts'
import { toToml } from './toml.ts'

// Names by which model APIs are paid. Patterns of Codex: `*` for any text.
const modelKeys = ['CODEX_API_KEY', 'CODEX_ACCESS_TOKEN', 'OPENAI_API_KEY', '*OPENAI*KEY*', 'OPENROUTER_API_KEY']

/** Lets an agent remove files: Codex refuses `rm -f` and `rm -rf` without such a rule. */
export const removalRule = 'prefix_rule(pattern = ["rm"], decision = "allow")\n'

/** Builds the `config.toml` of one run. It can hold keys: deliver it by the run's Secret. */
export function codexConfig(input: {
  settings: CodexSettings
  /** Folder in the pod for Codex's databases. */
  databases: string
  mcpServers: McpServers
}): { config: string; warnings: string[]; notes: string[] } {
  const { settings } = input
  const { tables, warnings, notes } = mcpTables(input.mcpServers, settings.requireMcpServers)
  const config = toToml({
    check_for_update_on_startup: quietSettings.check_for_update_on_startup,
    // SQLite in WAL mode does not work on every volume, and nothing in it is needed to resume a thread.
    sqlite_home: input.databases,
    // The instructions and the list of skills of a company are longer than the 32 KiB that Codex reads by default.
    project_doc_max_bytes: 1_048_576,
    analytics: quietSettings.analytics,
    features: quietSettings.features,
    shell_environment_policy: commandEnvironment(settings),
    ...(Object.keys(tables).length === 0 ? {} : { mcp_servers: tables }),
  })
  return { config: `${config}\n`, warnings, notes }
}

function commandEnvironment({ commandEnvironment: mode }: CodexSettings): Record<string, boolean | string | string[]> {
  switch (mode) {
    case 'all':
      return { inherit: 'all', ignore_default_excludes: true }
    case 'no_secrets':
      return { inherit: 'all', ignore_default_excludes: false }
    case 'no_model_keys':
      return { inherit: 'all', ignore_default_excludes: true, exclude: modelKeys }
    default:
      return mode satisfies never
  }
}
