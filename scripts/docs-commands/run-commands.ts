import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, writeFile } from 'node:fs/promises'
import { delimiter, dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const program = join(root, 'apps/cli/src/main.ts')

/** How a reader's shell looks like where documented commands are executed. */
export interface Shell {
  /** Folder for the commands that stand in for what the reader has installed. */
  readonly binaries: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** What a reader would replace, such as the name of an image, with what is used here. */
  readonly replacements?: readonly (readonly [pattern: RegExp, replacement: string])[]
  readonly signal: AbortSignal
}

/** Puts `agent-jobs`, and `npx` and `pnpm` for it, on the PATH of the shell: all three run the sources of this repository. */
export async function installCommands(binaries: string): Promise<void> {
  await mkdir(binaries, { recursive: true })
  const main = `exec "${process.execPath}" --conditions=@agent-jobs/source -- "${program}"`
  const refuse = (name: string) =>
    `echo "${name} $*: only agent-jobs can be run by ${name} in these tests" >&2; exit 64`
  const commands = {
    'agent-jobs': `${main} "$@"`,
    npx: `[ "$1" = -y ] && shift\n[ "$1" = @agent-jobs/cli ] || { ${refuse('npx')}; }\nshift\n${main} "$@"`,
    pnpm: `[ "$1" = agent-jobs ] || { ${refuse('pnpm')}; }\nshift\n${main} "$@"`,
  }
  await Promise.all(
    Object.entries(commands).map(([name, script]) =>
      writeFile(join(binaries, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 }),
    ),
  )
}

/** Executes commands as a reader would, from the root of the repository. Returns what they print; throws if one fails. */
export async function runCommands(commands: string, shell: Shell): Promise<string> {
  const script = (shell.replacements ?? []).reduce(
    (changed, [pattern, replacement]) => changed.replaceAll(pattern, replacement),
    commands,
  )
  const path = [shell.binaries, dirname(process.execPath), shell.env['PATH'] ?? process.env['PATH']].join(delimiter)
  const child = spawn('bash', ['-euo', 'pipefail', '-c', script], {
    cwd: root,
    env: { ...shell.env, PATH: path, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal: shell.signal,
  })
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  if (code !== 0) throw new Error(`exit code ${code} of\n${script}\n${stdout}${stderr}`)
  return stdout
}
