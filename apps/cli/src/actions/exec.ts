import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { withClient, type OpenClient } from '../cluster/with-client.ts'
import { CliError } from '../errors/cli-error.ts'
import type { Terminal } from '../output/terminal.ts'
import { findRun } from '../runs/find-run.ts'
import { kubectl } from '../runs/kubectl.ts'

/** Runs a command in the pod of a run and gives its exit code. */
export async function exec(
  job: string,
  command: readonly string[],
  options: ClusterOptions,
  terminal: Terminal,
): Promise<number> {
  const place = await podOf(job, options, terminal)
  const interactive = terminal.isTTY.out ? ['-it'] : ['-i']
  return kubectl(['exec', ...interactive, ...place, '--', ...command], options, terminal.env)
}

/** Opens a shell in the pod of a run: bash where the image has it. */
export async function shell(job: string | undefined, options: ClusterOptions, terminal: Terminal): Promise<number> {
  const place = await podOf(job, options, terminal)
  const best = ['/bin/sh', '-c', 'command -v bash >/dev/null && exec bash || exec sh']
  return kubectl(['exec', '-it', ...place, '--', ...best], options, terminal.env)
}

/** Copies files between this machine and the pod of a run; one of the two has the form `JOB:PATH`. */
export async function copy(from: string, to: string, options: ClusterOptions, terminal: Terminal): Promise<number> {
  const [source, target] = [readRemote(from), readRemote(to)]
  const remote = source ?? target
  if (remote === undefined || (source !== undefined && target !== undefined)) {
    throw new CliError('usage', `One of the two must be JOB:PATH, got ${from} and ${to}.`)
  }
  const { pod, container, namespace } = await runningPod(remote.job, options, terminal)
  const inPod = `${namespace}/${pod}:${remote.path}`
  const ends = source === undefined ? [from, inPod] : [inPod, to]
  return kubectl(['cp', '-c', container, ...ends], options, terminal.env)
}

function readRemote(text: string): { job: string; path: string } | undefined {
  const [, job, path] = /^(?:jobs?\/)?([a-z0-9][a-z0-9.-]*):(.+)$/.exec(text) ?? []
  return job === undefined || path === undefined ? undefined : { job, path }
}

async function podOf(job: string | undefined, options: ClusterOptions, terminal: Terminal): Promise<string[]> {
  const { pod, container, namespace } = await runningPod(job, options, terminal)
  return ['-n', namespace, pod, '-c', container]
}

async function runningPod(
  job: string | undefined,
  options: ClusterOptions,
  terminal: Terminal,
): Promise<{ pod: string; container: string; namespace: string }> {
  return withClient(options, terminal, async (cluster: OpenClient) => {
    const { view, pod } = await findRun(cluster, job)
    const container = pod?.spec?.containers[0]?.name
    if (view.pod === null || container === undefined || view.state !== 'running') {
      const why = view.reason === null ? '' : ` (${view.reason})`
      throw new CliError(
        'not_running',
        `${view.job} is ${view.state}${why}, and this needs a running pod. \`agent-jobs describe ${view.job}\` tells more.`,
      )
    }
    return { pod: view.pod, container, namespace: cluster.namespace }
  })
}
