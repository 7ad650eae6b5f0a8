import type { OpencodeSettings } from './opencode-settings.ts'

/** Builds OpenCode's command line. The prompt comes on stdin. */
export function opencodeArguments(input: { settings: OpencodeSettings; resume: string | null; cwd: string }): string[] {
  const { settings, resume, cwd } = input
  // Only the log says why a model, provider or key is refused; stdout shows "Unexpected server error".
  const argv = [settings.agentCommand, 'run', '--format', 'json', '--print-logs', '--log-level', 'ERROR']
  const option = (name: string, value: string | null | undefined) => {
    if (value) argv.push(name, value)
  }
  // A session that is continued from another directory calls the model and then hangs indefinitely.
  option('--dir', cwd)
  option('--session', resume)
  option('--model', settings.model)
  option('--variant', settings.variant ?? settings.effort ?? settings.thinkingEffort)
  option('--agent', settings.agent)
  argv.push(...settings.extraArgs)
  return argv
}
