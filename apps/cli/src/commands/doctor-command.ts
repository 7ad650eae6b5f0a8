import { Option, type Command } from 'commander'
import type { DoctorOptions } from '../actions/doctor.ts'
import { agentNames } from '../agents/agent-names.ts'
import { addClusterOptions } from '../cluster/cluster-flags.ts'
import type { Terminal } from '../output/terminal.ts'
import type { SetExitCode } from '../program.ts'

/** `agent-jobs doctor`: the environment test of the Paperclip adapters, from a shell. */
export function addDoctorCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  addClusterOptions(
    program
      .command('doctor')
      .description('Say whether agents can run in a namespace: permissions, quota, volume, image; with a remedy each.'),
  )
    .addOption(new Option('--agent <name>', 'which agent').choices(agentNames).default('claude'))
    .option('--image <name>', 'image of the agent; it is tried out in a pod of its own')
    .option('--config <file>', "an agent's configuration in Paperclip, as JSON")
    .option('--json', 'print one JSON object')
    .action(async (options: DoctorOptions) => {
      const { doctor } = await import('../actions/doctor.ts')
      setExitCode(await doctor(options, terminal))
    })
}
