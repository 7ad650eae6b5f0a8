import { Argument, type Command } from 'commander'
import { readJobName, readLabel } from '../input/options.ts'

/** What every command that talks to a cluster takes. */
export interface ClusterOptions {
  readonly namespace?: string
  readonly kubeconfig?: string
  readonly context?: string
}

/** Adds the options that say which namespace of which cluster. */
export function addClusterOptions(command: Command): Command {
  return addKubeConfigOptions(
    command.option('-n, --namespace <name>', "namespace of the Jobs (default: the context's)", readLabel),
  )
}

/** Adds the options that say which cluster. */
export function addKubeConfigOptions(command: Command): Command {
  return command
    .option('--kubeconfig <file>', 'kubeconfig (default: KUBECONFIG, then ~/.kube/config)')
    .option('--context <name>', 'context in the kubeconfig (default: its current one)')
}

/** The argument that names a run, for the commands that look at one; without it the newest run is meant. */
export function optionalJobArgument(): Argument {
  return new Argument('[job]', 'name of the Job, as `agent-jobs ps` shows it (default: the newest run)').argParser(
    readJobName,
  )
}

/** The argument that names a run. */
export function jobArgument(): Argument {
  return new Argument('<job>', 'name of the Job, as `agent-jobs ps` shows it').argParser(readJobName)
}

/** The argument that names several runs. */
export function jobsArgument(name: '<job...>' | '[job...]'): Argument {
  return new Argument(name, 'names of the Jobs, as `agent-jobs ps` shows them').argParser(
    (value: string, earlier: readonly string[] = []) => [...earlier, readJobName(value)],
  )
}
