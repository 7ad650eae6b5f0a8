// How long the installed command line takes to start, beside kubectl, and how much an installation takes on disk.
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'
import { installCli } from '../apps/cli/test/installed-cli.ts'
import { figure, percentile, type Figure } from './figure.ts'

const rounds = 21

/** Milliseconds of a program from its start to its end. */
async function timed(program: string, args: readonly string[]): Promise<number> {
  const began = performance.now()
  const child = execFile(program, args, { env: process.env })
  await once(child, 'close')
  return performance.now() - began
}

/** Medians of the programs, taken in turns, so that a busy moment hits them alike. */
async function medians(
  programs: Readonly<Record<string, readonly [string, ...string[]]>>,
): Promise<Map<string, number>> {
  const samples = new Map(Object.keys(programs).map((name) => [name, [] as number[]]))
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, [program, ...args]] of Object.entries(programs))
      samples.get(name)?.push(await timed(program, args))
  }
  return new Map([...samples].map(([name, all]) => [name, percentile(all, 0.5)]))
}

/** `pnpm bench cli-start`; with KUBECONFIG it also measures `ps` beside `kubectl get jobs`. */
export async function bench(log: (text: string) => void): Promise<Figure[]> {
  await using cli = await installCli()
  log(`each median of ${rounds} starts, in turns`)
  const { stdout } = await promisify(execFile)('du', ['-sk', `${cli.folder}/place/node_modules`])
  const hasCluster = process.env['KUBECONFIG'] !== undefined
  const found = await medians({
    'node -e 0': [process.execPath, '-e', '0'],
    'agent-jobs --version': [cli.bin, '--version'],
    'agent-jobs --help': [cli.bin, '--help'],
    'agent-jobs completion bash': [cli.bin, 'completion', 'bash'],
    'kubectl version --client': ['kubectl', 'version', '--client'],
    ...(hasCluster
      ? {
          'agent-jobs ps': [cli.bin, 'ps', '-A'] as const,
          'kubectl get jobs': ['kubectl', 'get', 'jobs,pods', '-A'] as const,
        }
      : {}),
  })
  const targets: Readonly<Record<string, number>> = {
    'agent-jobs --version': 150,
    'agent-jobs --help': 150,
    'agent-jobs completion bash': 150,
    'agent-jobs ps': 350,
  }
  return [
    ...[...found].map(([name, ms]) =>
      figure(name, ms, 'ms', targets[name] === undefined ? {} : { target: targets[name] }),
    ),
    figure('installation without the agents', Number.parseInt(stdout, 10) / 1024, 'MiB', { target: 60 }),
  ]
}
