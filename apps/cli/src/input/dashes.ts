import { CliError } from '../errors/cli-error.ts'

/** Refuses arguments that stand before `--` where only what follows it is for the agent: most are a lost quote. */
export function refuseStray(rawArgs: readonly string[], taken: readonly string[]): void {
  const at = rawArgs.indexOf('--')
  const behind = at === -1 ? 0 : rawArgs.length - at - 1
  const [stray] = taken.slice(0, Math.max(0, taken.length - behind))
  if (stray === undefined) return
  throw new CliError(
    'usage',
    `There is no argument \`${stray.slice(0, 40)}\`. Quote a prompt of several words; what the agent's own command line is to get stands after --.`,
  )
}
