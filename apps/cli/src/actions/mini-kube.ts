import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startMiniKube } from '@agent-jobs/mini-kube'
import { jsonLine } from '../output/safe-text.ts'
import { portTaken } from './port-taken.ts'
import { createScope } from '../scope.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'

/** The flags of `agent-jobs mini-kube`. */
export interface MiniKubeOptions {
  port: number
  seed?: number
  json?: boolean
}

/** Serves a Kubernetes API until a signal comes. */
export async function miniKube(options: MiniKubeOptions, terminal: Terminal): Promise<void> {
  await using scope = createScope()
  const folder = await mkdtemp(join(tmpdir(), 'agent-jobs-mini-kube-'))
  scope.defer(() => rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 }))
  // Pods of other users pass through it to their own folders; the kubeconfig in it has a mode of its own.
  await chmod(folder, 0o711)
  // Manifests from elsewhere name images that do not exist here: each runs this machine's own programs.
  const cluster = await startMiniKube({
    port: options.port,
    dataDir: join(folder, 'data'),
    images: { '*': {} },
    ...(options.seed === undefined ? {} : { seed: options.seed }),
  }).catch((cause: unknown) => {
    throw portTaken(cause, options.port)
  })
  scope.defer(() => cluster.close())
  const file = join(folder, 'kubeconfig')
  await writeFile(file, cluster.kubeConfig(), { mode: 0o600 })
  const stopped = new Promise<void>((resolve) => {
    scope.defer(terminal.onSignal(() => resolve()))
  })
  if (options.json) terminal.out(jsonLine({ url: cluster.url, kubeconfig: file }))
  else terminal.out(`${introduction(cluster.url, file, terminal)}\n`)
  await stopped
}

function introduction(url: string, file: string, terminal: Terminal): string {
  const style = createStyle(terminal.colours.out)
  return [
    `mini-kube serves ${style.bold(url)} until Ctrl-C.`,
    '',
    `  export KUBECONFIG=${file}`,
    '  kubectl get nodes',
    '  kubectl run hello --image=any --restart=Never -- echo hello && kubectl logs -f hello',
    '',
    style.dim(
      "Pods are processes of this machine, with this user's rights; every image name runs the programs on PATH.",
    ),
  ].join('\n')
}
