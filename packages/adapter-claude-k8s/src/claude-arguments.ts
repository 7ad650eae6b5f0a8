import type { ClaudeSettings } from './claude-settings.ts'
import { defaultModel, modelProvider, modelSuits, type VisibleEnv } from './provider.ts'

/** Whether the environment chooses the model: by name, or by a provider that has ids and defaults of its own. */
function namesModel(env: VisibleEnv): boolean {
  // A reference, which only the kubelet resolves, is null.
  return (env['ANTHROPIC_MODEL'] ?? '') !== '' || env['ANTHROPIC_MODEL'] === null || modelProvider(env) !== 'anthropic'
}

/** Builds Claude Code's command line. The prompt comes on stdin; a `-` would become part of it. */
export function claudeArguments(input: {
  settings: ClaudeSettings
  env: VisibleEnv
  resume: string | null
  bundleDirectory: string | null
  instructionsFile: string | null
  mcpConfigFile: string | null
}): { argv: string[]; warnings: string[] } {
  const { settings, env, resume } = input
  const warnings: string[] = []
  const argv = [settings.agentCommand, '--print', '--output-format', 'stream-json', '--verbose']
  const option = (name: string, value: string | null | undefined) => {
    if (value) argv.push(name, value)
  }
  if (settings.settingSources.length > 0) option('--setting-sources', settings.settingSources.join(','))
  option('--resume', resume)
  if (settings.dangerouslySkipPermissions) argv.push('--dangerously-skip-permissions')
  // Paperclip's own adapter's default, so that the image's version does not decide (docs/paperclip-facts.md#default-model).
  const model = settings.model ?? (namesModel(env) ? undefined : defaultModel)
  if (settings.model !== undefined && !modelSuits(settings.model, env)) {
    warnings.push(`Model "${settings.model}" is not a Bedrock id and is left out; Claude Code chooses its own.`)
  } else option('--model', model)
  option('--fallback-model', settings.fallbackModel)
  option('--effort', settings.effort ?? settings.thinkingEffort ?? settings.variant)
  if (settings.maxTurnsPerRun > 0) option('--max-turns', String(settings.maxTurnsPerRun))
  if (settings.maxBudgetUsdPerRun > 0) option('--max-budget-usd', String(settings.maxBudgetUsdPerRun))
  // Also on a resumed session: instructions are not part of its transcript, and changed ones must reach it.
  option('--append-system-prompt-file', input.instructionsFile)
  if (input.mcpConfigFile !== null) argv.push('--mcp-config', input.mcpConfigFile, '--strict-mcp-config')
  option('--add-dir', input.bundleDirectory)
  argv.push(...settings.extraArgs)
  return { argv, warnings }
}
