import type { Command } from 'commander'
import type { MiniKubeOptions } from '../actions/mini-kube.ts'
import { readInteger } from '../input/options.ts'
import type { Terminal } from '../output/terminal.ts'

/** `agent-jobs mini-kube`: a Kubernetes API in this process, until Ctrl-C. */
export function addMiniKubeCommand(program: Command, terminal: Terminal): void {
  program
    .command('mini-kube')
    .description('Serve a Kubernetes API that runs pods as local processes, until Ctrl-C.')
    .option('--port <n>', 'port on loopback; 0 takes a free one', readInteger(0, 65_535), 0)
    .option('--seed <n>', 'makes names, delays and faults the same in every run', readInteger(0, 0xffff_ffff))
    .option('--json', 'print one JSON object once it is ready')
    .action(async (options: MiniKubeOptions) => {
      const { miniKube } = await import('../actions/mini-kube.ts')
      await miniKube(options, terminal)
    })
}
