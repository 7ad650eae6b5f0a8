import type { CodexSettings } from './codex-settings.ts'
import type { TomlValue } from './toml.ts'

/**
 * Builds Codex's command line up to the prompt. `resume` and the `-` for a prompt on stdin are added in the pod, after
 * everything else: some options count only before `resume`.
 */
export function codexArguments(input: { settings: CodexSettings; cwd: string }): string[] {
  const { settings, cwd } = input
  const argv = [settings.agentCommand, 'exec', '--json', '--skip-git-repo-check']
  const set = (name: string, value: TomlValue): void => void argv.push('-c', `${name}=${JSON.stringify(value)}`)
  if (settings.profile !== undefined) argv.push('--profile', settings.profile)
  if (settings.dangerouslyBypassApprovalsAndSandbox && settings.dangerouslyBypassSandbox) {
    argv.push('--dangerously-bypass-approvals-and-sandbox')
  } else argv.push('--sandbox', settings.sandbox)
  // A thread works in the process's directory, not where it was created.
  argv.push('-C', cwd)
  if (settings.model !== undefined) argv.push('-m', settings.model)
  const effort =
    settings.modelReasoningEffort ??
    settings.reasoningEffort ??
    settings.effort ??
    settings.thinkingEffort ??
    settings.variant
  if (effort !== undefined) set('model_reasoning_effort', effort)
  if (settings.search) set('web_search', 'live')
  if (settings.fastMode) {
    set('service_tier', 'fast')
    set('features.fast_mode', true)
  }
  argv.push(...settings.extraArgs)
  return argv
}
