import { userInfo } from 'node:os'
import type { Command } from 'commander'
import { addClusterOptions, jobArgument, withCluster, type ClusterOptions } from './cluster-options.ts'
import { readSpan } from './options.ts'
import type { SetExitCode } from './program.ts'
import type { Terminal } from './terminal.ts'

interface CancelOptions extends ClusterOptions {
  by: string
  grace?: number
}

const words = {
  gone: 'is over',
  alive: 'is still there after its grace; look at its pod and its node',
  unobserved: 'was asked to stop, and nobody could see what became of it',
}

/** `agent-jobs cancel`: stops one run in order, and says what became of it. */
export function addCancelCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  addClusterOptions(
    program
      .command('cancel')
      .description('Stop a run: SIGTERM to the agent, a grace, SIGKILL. Whoever follows it is told who cancelled.')
      .addArgument(jobArgument()),
  )
    .option('--by <name>', "who cancels; stands in the run's outcome", `${userInfo().username} (agent-jobs cancel)`)
    .option('--grace <span>', "from SIGTERM to SIGKILL (default: the pod's own)", readSpan)
    .action(async (job: string, { by, grace, ...options }: CancelOptions) => {
      const verdict = await withCluster(options, terminal, async ({ runner }) => {
        const run = await runner.attach({ job })
        const said = await run.cancel({ by, ...(grace === undefined ? {} : { graceSeconds: Math.ceil(grace / 1000) }) })
        if (said === 'gone') await run.settled
        return said
      })
      terminal.out(`${job} ${words[verdict]}\n`)
      if (verdict !== 'gone') setExitCode(1)
    })
}
