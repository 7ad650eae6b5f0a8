import type { Command } from 'commander'
import type { UiFlags } from '../actions/ui.ts'
import { addClusterOptions } from '../cluster/cluster-flags.ts'
import { readInteger } from '../input/options.ts'
import { userName } from '../input/user-name.ts'
import type { Terminal } from '../output/terminal.ts'

/** `agent-jobs ui`: runs in a browser. */
export function addUiCommand(program: Command, terminal: Terminal): void {
  addClusterOptions(
    program
      .command('ui')
      .description('Show runs live in a browser: table, timeline, transcript, cost, cancel. On this machine only.'),
  )
    .option('-A, --all-namespaces', 'runs of all namespaces')
    .option('--port <n>', 'port on loopback; 0 takes a free one', readInteger(0, 65_535), 0)
    .option('--by <name>', 'name to record when you cancel a run in the page', `${userName()} (agent-jobs ui)`)
    .option('--open', "open the page in the desktop's browser")
    .option('--json', 'print one JSON object with the address')
    .action(async (options: UiFlags) => {
      const { ui } = await import('../actions/ui.ts')
      await ui(options, terminal)
    })
}
