import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** A mini-kube of a consumer's own, started by the command line that npm installed. */
export interface ClusterProcess extends AsyncDisposable {
  /** Path of its kubeconfig. */
  readonly kubeconfig: string
  /** What `kubectl run NAME --image=any --restart=Never -- ARGS` does, without kubectl. */
  run(name: string, args: readonly string[]): Promise<void>
}

/** Starts `agent-jobs mini-kube` from the consumer's folder. */
export async function startClusterProcess(folder: string): Promise<ClusterProcess> {
  const child = spawn(join(folder, 'node_modules', '.bin', 'agent-jobs'), ['mini-kube', '--json'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const ended = once(child, 'close')
  const lines = createInterface({ input: child.stdout })
  const first = await Promise.race([once(lines, 'line'), ended])
  if (child.exitCode !== null) throw new Error(`agent-jobs mini-kube ended with ${child.exitCode} before it was up`)
  const { url, kubeconfig } = JSON.parse(String(first[0])) as { url: string; kubeconfig: string }
  return {
    kubeconfig,
    async run(name, args) {
      const [, token = ''] = /token"?: *"?([^"\s]+)/.exec(await readFile(kubeconfig, 'utf8')) ?? []
      const spec = { restartPolicy: 'Never', containers: [{ name, image: 'any', args }] }
      const { ok, status } = await fetch(`${url}/api/v1/namespaces/default/pods`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify({ metadata: { name }, spec }),
      })
      if (!ok) throw new Error(`the pod ${name} was refused with ${status}`)
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM')
      await ended
    },
  }
}
