import { loadKubeConfig } from './cluster/kube-config.ts'
import { withClient } from './cluster/with-client.ts'
import type { Terminal } from './output/terminal.ts'

const kinds = ['jobs', 'namespaces', 'contexts'] as const
// The shell blocks until this returns.
const patienceMs = 2000

/** Prints names for shell completion, one per line, from the cluster of this command line. Never prints errors. */
export async function complete(kind: string, words: readonly string[], terminal: Terminal): Promise<void> {
  const where = placeOf(words)
  const quiet: Terminal = { ...terminal, err: () => undefined }
  const names = async (): Promise<string[]> => {
    switch (kinds.find((each) => each === kind)) {
      case 'contexts':
        return loadKubeConfig({ ...where, env: terminal.env }).contexts.map(({ name }) => name)
      case 'namespaces':
        return withClient(where, quiet, async ({ client }) => {
          const { kinds: objects } = await import('@agent-jobs/kube-api')
          const { items } = await client.list(objects.Namespace, { signal: AbortSignal.timeout(patienceMs) })
          return items.flatMap(({ metadata }) => metadata?.name ?? [])
        })
      case 'jobs':
        return withClient(where, quiet, async ({ client, namespace }) => {
          const { readRuns } = await import('./runs/read-runs.ts')
          const runs = await readRuns(client, { namespace, signal: AbortSignal.timeout(patienceMs) })
          return runs.map(({ view }) => view.job)
        })
      case undefined:
        return []
    }
  }
  // An error message would disrupt the command line that is being typed; print no names instead.
  const found = await names().catch(() => [])
  for (const name of found) terminal.out(`${name}\n`)
}

/** The options of an unfinished command line that select the cluster. */
function placeOf(words: readonly string[]): { namespace?: string; kubeconfig?: string; context?: string } {
  const after = (...names: string[]): string | undefined => {
    for (const [at, word] of words.entries()) {
      if (names.includes(word)) return words[at + 1]
      const long = names.find((name) => name.startsWith('--') && word.startsWith(`${name}=`))
      if (long !== undefined) return word.slice(long.length + 1)
    }
    return undefined
  }
  const [namespace, kubeconfig, context] = [after('-n', '--namespace'), after('--kubeconfig'), after('--context')]
  return {
    ...(namespace ? { namespace } : {}),
    ...(kubeconfig ? { kubeconfig } : {}),
    ...(context ? { context } : {}),
  }
}
