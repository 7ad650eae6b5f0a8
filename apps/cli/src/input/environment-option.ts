import { readFile } from 'node:fs/promises'
import { InvalidArgumentError } from 'commander'
import { CliError } from '../errors/cli-error.ts'
import { fileReason } from './file-reason.ts'
import { readText } from './options.ts'
import type { Terminal } from '../output/terminal.ts'

/** One variable for the agent; without a value, it is taken from the caller's environment. */
export interface EnvironmentEntry {
  readonly name: string
  readonly value: string | undefined
}

/** Reads `NAME=VALUE` or `NAME` into the collected variables; the value may hold `=` and may be empty. */
export function collectEnv(text: string, earlier: readonly EnvironmentEntry[] = []): EnvironmentEntry[] {
  const entry = readEntry(text)
  // The value may be a secret, so errors name only the variable.
  if (!entry) throw new InvalidArgumentError(`Expected NAME=VALUE or NAME, got \`${withoutValue(text)}\`.`)
  const problem = problemOf(entry)
  if (problem !== null) throw new InvalidArgumentError(problem)
  return [...earlier, entry]
}

/** Collects an option that may be given several times. */
export const collectText = (text: string, earlier: readonly string[] = []): string[] => [...earlier, readText(text)]

/** The variables of all files, then those of the options; the last of one name wins. */
export async function readEnvironment(
  { env = [], envFile = [] }: { env?: readonly EnvironmentEntry[]; envFile?: readonly string[] },
  own: Terminal['env'],
): Promise<Record<string, string>> {
  const entries: EnvironmentEntry[] = []
  for (const file of envFile) entries.push(...(await readEnvFile(file)))
  const found: Record<string, string> = {}
  for (const { name, value = own[name] } of [...entries, ...env]) {
    if (value === undefined) {
      throw new CliError(
        'usage',
        `The variable ${name} is to be taken from this environment, which does not have it. Export it, or pass ${name}=VALUE.`,
      )
    }
    found[name] = value
  }
  return found
}

async function readEnvFile(file: string): Promise<EnvironmentEntry[]> {
  let text: string
  try {
    text = await readFile(file, 'utf8')
  } catch (cause) {
    throw new CliError('file_unreadable', `Cannot read the variables in ${file}: ${fileReason(cause)}.`, { cause })
  }
  return text.split(/\r?\n/).flatMap((line, at) => {
    if (line.trim() === '' || line.startsWith('#')) return []
    const entry = readEntry(line)
    const problem = entry ? problemOf(entry) : `expected NAME=VALUE, NAME or a comment, got \`${withoutValue(line)}\`.`
    if (entry && problem === null) return [entry]
    throw new CliError('usage', `${file}:${at + 1}: ${problem}`)
  })
}

function readEntry(text: string): EnvironmentEntry | null {
  const [, name, value] = /^([A-Za-z_][A-Za-z0-9_]*)(?:=([\s\S]*))?$/.exec(text) ?? []
  return name === undefined ? null : { name, value }
}

// The kernel refuses a larger variable (docs/kubernetes-facts.md#environment-size).
const mostBytes = 131_072

/** Why a variable cannot be passed to an agent; null for one that can. */
function problemOf({ name, value = '' }: EnvironmentEntry): string | null {
  if (name.startsWith('AGENT_JOBS_'))
    return `Variables that begin with AGENT_JOBS_ are set by agent-jobs itself: ${name}.`
  if (value.includes('\0')) return `The value of ${name} has a NUL character, which no process can take.`
  if (Buffer.byteLength(`${name}=${value}`) >= mostBytes) {
    return `The value of ${name} is larger than 128 KiB. Pass it as a file with --copy-in.`
  }
  return null
}

function withoutValue(text: string): string {
  const at = text.indexOf('=')
  return at === -1 ? text.slice(0, 40) : `${text.slice(0, at).slice(0, 40)}=…`
}
