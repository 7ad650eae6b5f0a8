import type { McpServers } from '@agent-jobs/adapter-kit'
import { gatewaySettings } from './gateway-settings.ts'
import { isRecord } from './loose-record.ts'
import type { OpencodeSettings } from './opencode-settings.ts'
import { providerSection, type ChosenModel } from './provider-section.ts'

type Json = Record<string, unknown>

// Commands that print the environment from a shell. OpenCode's rules match a command and, after " *", any arguments.
const environmentDumps = [
  'env',
  'env *',
  'printenv',
  'printenv *',
  'set',
  'export',
  'export -p*',
  'declare -x*',
  'declare -p*',
  'cat /proc/*/environ*',
]

const texts = (value: unknown): string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []

/** OpenCode writes `{env:NAME}` where Claude Code writes `${NAME}`. */
function withOwnVariables(server: Json): Json {
  const text = JSON.stringify(server).replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, '{env:$1}')
  return JSON.parse(text) as Json
}

/** Translates one MCP server into OpenCode's form; one that is in that form already stays as it is. */
export function translateMcpServer(server: Json): Json | null {
  if (server['type'] === 'local' || server['type'] === 'remote') return { enabled: true, ...server }
  if (typeof server['url'] === 'string') {
    const { url, headers } = withOwnVariables(server)
    return { type: 'remote', url, enabled: true, ...(isRecord(headers) ? { headers } : {}) }
  }
  if (typeof server['command'] !== 'string') return null
  const { command, args, env } = withOwnVariables(server)
  return {
    type: 'local',
    command: [command, ...texts(args)],
    enabled: true,
    ...(isRecord(env) ? { environment: env } : {}),
  }
}

function permissions(settings: OpencodeSettings): Json {
  const skip = settings.dangerouslySkipPermissions
  const denials =
    settings.denyEnvironmentDump || settings.envGuardPlugin
      ? Object.fromEntries(environmentDumps.map((pattern) => [pattern, 'deny']))
      : {}
  return {
    // No one can answer: "ask" would wait endlessly or deny silently. The same goes for questions to the user.
    ...(skip
      ? { '*': 'allow', edit: 'allow', webfetch: 'allow', external_directory: 'allow', doom_loop: 'allow' }
      : {}),
    bash: { '*': 'allow', ...denials },
    question: 'deny',
  }
}

/** Builds the configuration that OpenCode reads besides the user's own. It can hold keys: deliver it by the run's Secret. */
export function opencodeConfig(input: {
  settings: OpencodeSettings
  chosen: ChosenModel
  /** Variables that the agent will see. */
  env: Readonly<Record<string, string | null>>
  mcpServers: McpServers
  skillsDirectory: string | null
  instructionsFile: string | null
}): { config: Json; warnings: string[] } {
  const { settings, chosen, mcpServers, skillsDirectory, instructionsFile } = input
  const warnings: string[] = []
  const mcp: Json = {}
  for (const [name, server] of Object.entries(mcpServers)) {
    const translated = translateMcpServer(server)
    if (translated === null) warnings.push(`MCP server "${name}" has neither \`command\` nor \`url\` and is left out.`)
    else mcp[name] = translated
  }
  const gateway = gatewaySettings(settings, input.env)
  warnings.push(...gateway.warnings)
  const providers = providerSection(settings, gateway.providers, chosen)
  const config: Json = {
    $schema: 'https://opencode.ai/config.json',
    autoupdate: false,
    share: 'disabled',
    // Its first turn would run `git add` over the whole workspace, for half an hour on a large one.
    snapshot: false,
    permission: permissions(settings),
    disabled_providers: settings.disabledProviders.length > 0 ? settings.disabledProviders : ['opencode'],
    ...(Object.keys(providers).length > 0 ? { provider: providers } : {}),
    ...(settings.compactThreshold > 0 && chosen.model !== null ? { compaction: { auto: true, reserved: 0 } } : {}),
    ...(gateway.smallModel === undefined ? {} : { small_model: gateway.smallModel }),
    ...(settings.maxStepsPerRun > 0
      ? { agent: { [settings.agent ?? 'build']: { steps: settings.maxStepsPerRun } } }
      : {}),
    ...(Object.keys(mcp).length > 0 ? { mcp } : {}),
    ...(skillsDirectory === null ? {} : { skills: { paths: [skillsDirectory] } }),
    ...(instructionsFile === null ? {} : { instructions: [instructionsFile] }),
  }
  return { config, warnings }
}
