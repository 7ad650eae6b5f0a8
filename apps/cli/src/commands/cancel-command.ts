import { userInfo } from 'node:os'
import type { CancelVerdict } from '@agent-jobs/k8s-job-runner'
import { Argument, type Command } from 'commander'
import { addClusterOptions, withCluster, type ClusterOptions, type OpenCluster } from '../cluster/cluster-options.ts'
import { readObjectName, readSpan } from '../input/options.ts'
import type { SetExitCode } from '../program.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'

interface CancelOptions extends ClusterOptions {
  by: string
  grace?: number
  json?: boolean
}

const words: Readonly<Record<CancelVerdict, string>> = {
  gone: 'is over',
  alive: 'is still there after its grace; look at its pod and its node',
  unobserved: 'was asked to stop, and nobody could see what became of it',
}

/** `agent-jobs cancel`: stops runs in order, and says what became of each. */
export function addCancelCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  addClusterOptions(
    program
      .command('cancel')
      .description('Stop runs: SIGTERM to the agent, a grace, SIGKILL. Whoever follows one is told who cancelled.')
      .addArgument(
        new Argument('<job...>', 'names of the Jobs, as `agent-jobs ps` shows them').argParser(
          (name: string, earlier: string[] = []) => [...earlier, readObjectName(name)],
        ),
      ),
  )
    .option('--by <name>', "who cancels; stands in the run's outcome", `${userInfo().username} (agent-jobs cancel)`)
    .option('--grace <span>', "from SIGTERM to SIGKILL (default: the pod's own)", readSpan)
    .option('--json', 'print one JSON object a line')
    .addHelpText(
      'after',
      `
Examples:
  agent-jobs cancel claude-4f1c0a97d2e8 --grace 5s
  agent-jobs ps --json | jq -r 'select(.state == "active").job' | xargs agent-jobs cancel`,
    )
    .action(async (jobs: string[], { by, grace, json, ...options }: CancelOptions) => {
      const how = { by, ...(grace === undefined ? {} : { graceSeconds: Math.ceil(grace / 1000) }) }
      await withCluster(options, terminal, async (cluster) => {
        const ends = await Promise.allSettled(
          jobs.map(async (job) => {
            const verdict = await cancelOne(cluster, job, how)
            terminal.out(json ? `${JSON.stringify({ job, verdict })}\n` : `${job} ${words[verdict]}\n`)
            if (verdict !== 'gone') setExitCode(1)
          }),
        )
        const errors = ends.flatMap((end): unknown[] => (end.status === 'rejected' ? [end.reason] : []))
        // The last one ends the command as any error does.
        for (const error of errors.slice(0, -1)) {
          terminal.err(
            `${createStyle(terminal.colours.err).red('error')}: ${error instanceof Error ? error.message : String(error)}\n`,
          )
        }
        if (errors.length > 0) throw errors.at(-1)
      })
    })
}

async function cancelOne(
  { runner }: OpenCluster,
  job: string,
  how: { by: string; graceSeconds?: number },
): Promise<CancelVerdict> {
  const run = await runner.attach({ job })
  const verdict = await run.cancel(how)
  if (verdict === 'gone') await run.settled
  return verdict
}
