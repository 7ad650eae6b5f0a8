import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { WatchedAgent } from './agents.ts'
import { eventsOf, type Observation } from './observation.ts'

const prompt = 'Please look at this workspace and report. `echo one; echo $((40 + 2))`'
const maxStderr = 64 * 1024

/** Runs one scenario with one installed command line, in a home folder of its own, and says what it showed. */
export async function runScenario(
  agent: WatchedAgent,
  options: { readonly binary: string; readonly url: string; readonly folder: string; readonly timeoutMs: number },
): Promise<Observation> {
  const home = await mkdtemp(join(options.folder, 'home-'))
  try {
    const { args, env, files = {} } = agent.prepare(options.url)
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(home, path)), { recursive: true })
      await writeFile(join(home, path), content)
    }
    const work = join(home, 'work')
    await mkdir(work)
    const isScript = options.binary.endsWith('.js')
    const child = spawn(isScript ? process.execPath : options.binary, isScript ? [options.binary, ...args] : args, {
      cwd: work,
      env: { PATH: process.env['PATH'] ?? '', HOME: home, TMPDIR: home, ...env },
      detached: true,
    })
    const stdout: Buffer[] = []
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk))
    child.stderr.on('data', (chunk: Buffer) => (stderr = (stderr + chunk.toString('utf8')).slice(-maxStderr)))
    child.stdin.on('error', () => child.stdin.destroy())
    child.stdin.end(prompt)
    let wasStopped = false
    const timer = setTimeout(() => {
      wasStopped = true
      if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    }, options.timeoutMs)
    const [code] = (await once(child, 'close')) as [number | null]
    clearTimeout(timer)
    const exitCode = wasStopped ? null : code
    const text = Buffer.concat(stdout).toString('utf8')
    return { exitCode, events: eventsOf(text), verdict: agent.verdict(text, { exitCode, stderr }) }
  } finally {
    await rm(home, { recursive: true, force: true, maxRetries: 5 })
  }
}
