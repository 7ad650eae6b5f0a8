import type { Command } from 'commander'
import type { MetricsOptions } from '../actions/metrics.ts'
import { addClusterOptions } from '../cluster/cluster-flags.ts'
import { readInteger, readText } from '../input/options.ts'
import type { Terminal } from '../output/terminal.ts'

/** `agent-jobs metrics`: Prometheus metrics of runs without Paperclip, until Ctrl-C. */
export function addMetricsCommand(program: Command, terminal: Terminal): void {
  addClusterOptions(
    program.command('metrics').description('Serve Prometheus metrics of runs started without Paperclip, until Ctrl-C.'),
  )
    .option('-A, --all-namespaces', 'runs of all namespaces')
    .option('--port <n>', 'port; 0 takes a free one', readInteger(0, 65_535), 9464)
    .option('--host <address>', 'address to listen on; 0.0.0.0 for Prometheus in another pod', readText, '127.0.0.1')
    .option('--state <file>', 'keep the counters in this file, so that they continue after a restart', readText)
    .option('--json', 'print one JSON object once it is ready')
    .addHelpText(
      'after',
      `
Examples:
  agent-jobs metrics -A --port 9464
  agent-jobs metrics -n agents --host 0.0.0.0 --state /var/lib/agent-jobs/totals.json`,
    )
    .action(async (options: MetricsOptions) => {
      const { metrics } = await import('../actions/metrics.ts')
      await metrics(options, terminal)
    })
}
