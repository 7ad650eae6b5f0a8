import { CliError } from '../errors/cli-error.ts'

/** The arguments before and after `--`. */
export interface SplitArguments {
  /** The prompt, where one was given as an argument. */
  readonly prompt: string | undefined
  /** Arguments for the agent's own command line. */
  readonly extra: readonly string[]
}

/** Takes one argument before `--` as the prompt; more of them are a prompt without quotes. */
export function splitArguments(rawArgs: readonly string[], taken: readonly string[]): SplitArguments {
  const at = rawArgs.indexOf('--')
  const behind = at === -1 ? 0 : rawArgs.length - at - 1
  const own = taken.slice(0, Math.max(0, taken.length - behind))
  const [prompt, stray] = own
  if (stray !== undefined) {
    throw new CliError(
      'usage',
      `Unexpected argument \`${stray.slice(0, 40)}\`. Quote a prompt of several words; arguments for the agent's own command line go after --.`,
    )
  }
  return { prompt, extra: taken.slice(own.length) }
}
