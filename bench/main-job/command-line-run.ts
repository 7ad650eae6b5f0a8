import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { fileURLToPath } from 'node:url'
import type { MainJobPlace } from './main-job-place.ts'

const main = fileURLToPath(new URL('../../apps/cli/src/main.ts', import.meta.url))

/** What `agent-jobs run --json` printed, and how the process ended. */
export interface CommandLineRun {
  readonly exitCode: number | null
  readonly stdout: string
  readonly stderr: string
  readonly report: {
    readonly outcome: string
    readonly summary: string | null
    readonly timings: { readonly endedMs: number }
  }
}

/** Runs `agent-jobs run --json` as a process of its own. */
export async function commandLineRun(
  place: MainJobPlace,
  args: readonly string[],
  scenario = 'text',
): Promise<CommandLineRun> {
  const env = Object.entries(place.env(scenario)).flatMap(([name, value]) => ['--env', `${name}=${value}`])
  const fixed = ['run', '--namespace', place.namespace, '--image', place.image, '--json']
  const child = spawn(process.execPath, ['--conditions=@agent-jobs/source', main, ...fixed, ...env, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const exit = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const [exitCode, stdout, stderr] = await Promise.all([exit, text(child.stdout), text(child.stderr)])
  try {
    return { exitCode, stdout, stderr, report: JSON.parse(stdout) as CommandLineRun['report'] }
  } catch (cause) {
    throw new Error(`agent-jobs run printed no JSON (exit code ${exitCode}): ${stdout}${stderr}`, { cause })
  }
}
