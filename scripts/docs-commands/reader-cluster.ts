import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { startMiniKube } from '../../packages/mini-kube/src/index.ts'
import { installCommands, type Shell } from './run-commands.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const recording = join(root, 'packages/claude-stream-parser/src/__fixtures__/claude/success/stdout.jsonl')

/** A cluster and a shell for a reader of the documentation. */
export interface ReaderCluster extends AsyncDisposable {
  readonly shell: Omit<Shell, 'signal'>
}

/**
 * Starts a mini-kube whose every image has a `claude` that plays a recorded run, and the agent of `examples/third-agent`. The
 * shell finds `agent-jobs` on its PATH and the cluster in KUBECONFIG.
 */
export async function startReaderCluster(): Promise<ReaderCluster> {
  const folder = await mkdtemp(join(tmpdir(), 'reader-'))
  const binaries = join(folder, 'bin')
  await installCommands(binaries)
  const image = join(folder, 'image')
  await mkdir(image)
  await writeFile(join(image, 'claude'), `#!/bin/sh\ncat >/dev/null\nexec cat '${recording}'\n`, { mode: 0o755 })
  const path = [image, join(root, 'examples/third-agent'), dirname(process.execPath), '/usr/bin', '/bin']
  const cluster = await startMiniKube({
    dataDir: join(folder, 'data'),
    honourUser: false,
    images: { '*': { path, env: { TMPDIR: folder } } },
  })
  const kubeconfig = join(folder, 'kubeconfig')
  await writeFile(kubeconfig, cluster.kubeConfig())
  return {
    shell: { binaries, env: { HOME: folder, TMPDIR: folder, KUBECONFIG: kubeconfig, ANTHROPIC_API_KEY: 'scripted' } },
    async [Symbol.asyncDispose]() {
      await cluster.close()
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 })
    },
  }
}
