import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { KubeProcessReport, KubeProcessRequest } from './kube-process.ts'

/** A mini-kube in another process. */
interface KubeProcess extends AsyncDisposable {
  kubeConfig: string
  /** One request at a time. */
  ask(request: KubeProcessRequest): Promise<KubeProcessReport>
}

/** Starts kube-process.ts and waits until it serves. */
export async function startKubeProcess(seed: number): Promise<KubeProcess> {
  const script = fileURLToPath(new URL('kube-process.ts', import.meta.url))
  const child = spawn(process.execPath, ['--conditions=@agent-jobs/source', script, String(seed)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async (): Promise<unknown> => {
    const { value, done } = await answers.next()
    if (done === true) throw new Error('the cluster of its own process ended before it answered')
    return JSON.parse(value)
  }
  const { kubeConfig } = (await answer()) as { kubeConfig: string }
  return {
    kubeConfig,
    async ask(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`)
      return (await answer()) as KubeProcessReport
    },
    async [Symbol.asyncDispose]() {
      const exit = once(child, 'exit')
      child.stdin.end()
      await exit
    },
  }
}
