// How long the installed command line takes to start, beside kubectl, and how much an installation takes on disk.
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { installCli } from '../apps/cli/test/installed-cli.ts'
import { type Bench, figure, percentile } from './figure.ts'

const rounds = 21

/** One start of a program: milliseconds on the clock, and of processor, which other work on the machine does not change. */
interface Start {
  readonly wallMs: number
  readonly cpuMs: number
}

/** Runs a program to its end; bash knows what the children used. */
async function timed(program: string, args: readonly string[]): Promise<Start> {
  const script = 'TIMEFORMAT="%R %U %S"; time "$@" >/dev/null 2>&1'
  const { stderr } = await promisify(execFile)('bash', ['-c', script, 'bash', program, ...args], { env: process.env })
  const [wall = 0, user = 0, system = 0] = stderr.trim().split(' ').map(Number)
  return { wallMs: wall * 1000, cpuMs: (user + system) * 1000 }
}

/** Medians of the programs, taken in turns, so that a busy moment hits them alike. */
async function medians(
  programs: Readonly<Record<string, readonly [string, ...string[]]>>,
): Promise<Map<string, Start>> {
  const samples = new Map(Object.keys(programs).map((name) => [name, [] as Start[]]))
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, [program, ...args]] of Object.entries(programs))
      samples.get(name)?.push(await timed(program, args))
  }
  const median = (all: readonly Start[], of: keyof Start): number =>
    percentile(
      all.map((each) => each[of]),
      0.5,
    )
  return new Map(
    [...samples].map(([name, all]) => [name, { wallMs: median(all, 'wallMs'), cpuMs: median(all, 'cpuMs') }]),
  )
}

/** `pnpm bench cli-start`; with KUBECONFIG it also measures `ps` beside `kubectl get jobs`. */
export const bench: Bench = async (log) => {
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
    ...[...found].flatMap(([name, { wallMs, cpuMs }]) => [
      figure(name, wallMs, 'ms', targets[name] === undefined ? {} : { target: targets[name] }),
      figure(`${name}, processor`, cpuMs, 'ms'),
    ]),
    figure('installation without the agents', Number.parseInt(stdout, 10) / 1024, 'MiB', { target: 60 }),
  ]
}
