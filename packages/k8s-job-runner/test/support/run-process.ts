import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { RunEvent, RunRequest } from '../../src/index.ts'
import { remains } from './faults.ts'
import { frames, type World } from './world.ts'

/** One message of start-run.ts. */
export interface RunMessage {
  started?: { name: string; uid: string }
  event?: RunEvent
  refused?: string
}

/** A process that follows one run. */
export interface RunProcess {
  child: ChildProcess
  messages: AsyncIterableIterator<RunMessage>
}

/** Starts a run in a process of its own. */
export function startRunProcess(kubeConfig: string, namespace: string, request: RunRequest, times = 1): RunProcess {
  const script = fileURLToPath(new URL('start-run.ts', import.meta.url))
  const child = spawn(
    process.execPath,
    ['--conditions=@agent-jobs/source', script, kubeConfig, namespace, JSON.stringify(request), String(times)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  )
  async function* read(): AsyncGenerator<RunMessage, void> {
    for await (const line of createInterface({ input: child.stdout })) yield JSON.parse(line) as RunMessage
  }
  return { child, messages: read() }
}

/** Kills a process the hard way and waits until it is gone. */
export async function killHard(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = new Promise((resolve) => child.once('exit', resolve))
  child.kill('SIGKILL')
  await gone
}

/** Ends a real process with many runs in progress; returns what is left and how long it took to exit. */
export async function stopRealProcess(
  world: World,
  runs: number,
  signal: 'SIGTERM' | 'SIGKILL',
): Promise<{ exitMs: number; jobs: number; secrets: number }> {
  const path = join(world.kube.dataDir, 'kubeconfig')
  await writeFile(path, world.kube.kubeConfig())
  const { child, messages } = startRunProcess(path, 'default', frames(['wait']), runs)
  let started = 0
  for await (const message of messages) {
    if (message.event?.type === 'line') started += 1
    if (started === runs) break
  }
  const exit = once(child, 'exit')
  const sentAt = performance.now()
  child.kill(signal)
  await exit
  const exitMs = performance.now() - sentAt
  const { jobs, secrets } = await remains(world.server())
  return { exitMs, jobs, secrets }
}
