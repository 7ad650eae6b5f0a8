import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import type { Bench, BenchOptions, Measurement } from './figure.ts'

/** A measurement that was run, or why it could not be. */
export type Result = { name: string; seconds: number } & (
  | ({ kind: 'measured'; load: number } & Measurement)
  | { kind: 'failed'; why: string }
)

/** How long one measurement may take before it counts as failed. */
const defaultTimeoutMs = 180_000

/** The names of all measurements: files of this folder that export `bench`. */
export function measurements(): string[] {
  const files = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  return files
    .filter((file) => /^export const bench\b/m.test(readFileSync(join(import.meta.dirname, file), 'utf8')))
    .map((file) => file.slice(0, -'.ts'.length))
    .toSorted()
}

/** Runs a measurement in this process. */
export async function measure(name: string, log: (text: string) => void, options: BenchOptions): Promise<Measurement> {
  const { bench } = (await import(`./${name}.ts`)) as { bench: Bench }
  const load = (when: string): void =>
    log(`load ${when}: ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} processors`)
  load('before')
  const found = await bench(log, options)
  load('after')
  return Array.isArray(found) ? { figures: found, series: [] } : found
}

/**
 * Runs a measurement of a checkout in a process group of its own, so that neither its memory nor a hang reaches the next
 * one. Never rejects: what went wrong is part of the result.
 */
export async function measureApart(
  name: string,
  o: { root: string; quick: boolean; timeoutMs?: number; env?: NodeJS.ProcessEnv },
): Promise<Result> {
  const { root, quick, timeoutMs = defaultTimeoutMs, env = {} } = o
  const begun = performance.now()
  const [load = 0] = loadavg()
  const args = ['--conditions=@agent-jobs/source', 'bench/main.ts', name, '--json', ...(quick ? ['--quick'] : [])]
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let isLate = false
  const stop = (): void => {
    if (child.pid !== undefined && child.exitCode === null) process.kill(-child.pid, 'SIGKILL')
  }
  const timer = setTimeout(() => {
    isLate = true
    stop()
  }, timeoutMs)
  process.once('exit', stop)
  const exit = new Promise<void>((resolve) => {
    child.once('error', () => resolve())
    child.once('close', () => resolve())
  })
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr), exit])
  clearTimeout(timer)
  process.off('exit', stop)
  const seconds = (performance.now() - begun) / 1_000
  if (isLate) return { kind: 'failed', name, seconds, why: `It took longer than ${timeoutMs / 1_000} s.` }
  const measured = readMeasurement(out)
  if (measured === null) {
    const lastLines = errors.trim().split('\n').slice(-3).join(' ')
    return { kind: 'failed', name, seconds, why: lastLines || 'It printed nothing.' }
  }
  return { kind: 'measured', name, seconds, load, ...measured }
}

function readMeasurement(out: string): Measurement | null {
  try {
    // Versions of the bench before plots printed no series.
    const { figures, series = [] } = JSON.parse(out) as Partial<Measurement>
    return figures === undefined ? null : { figures, series }
  } catch {
    // Not JSON: it failed before it printed its figures.
    return null
  }
}
