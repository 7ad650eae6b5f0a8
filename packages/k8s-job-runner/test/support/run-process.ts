import { spawn, type ChildProcess } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { RunRequest } from '../../src/index.ts'
import type { RunEvent } from '../../src/index.ts'

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
export function startRunProcess(kubeConfig: string, namespace: string, request: RunRequest): RunProcess {
  const script = fileURLToPath(new URL('start-run.ts', import.meta.url))
  const child = spawn(
    process.execPath,
    ['--conditions=@agent-jobs/source', script, kubeConfig, namespace, JSON.stringify(request)],
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
