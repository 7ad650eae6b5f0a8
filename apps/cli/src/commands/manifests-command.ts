import { Option, type Command } from 'commander'
import { readLabel, readText } from '../input/options.ts'
import type { Terminal } from '../output/terminal.ts'

export interface ManifestsOptions {
  namespace: string
  values: string[]
  set: string[]
  format: 'yaml' | 'kustomize' | 'helm'
  output?: string
  showValues?: boolean
}

const append = (value: string, previous: string[]): string[] => [...previous, readText(value)]

/** `agent-jobs manifests`: a Paperclip server with the adapters, or the rights for one, for `kubectl apply`. */
export function addManifestsCommand(program: Command, terminal: Terminal): void {
  program
    .command('manifests')
    .description('Print the manifests of a Paperclip server with the adapters. Needs no cluster.')
    .option('-n, --namespace <name>', 'namespace of the Paperclip server', readLabel, 'paperclip')
    .option('-f, --values <file>', 'YAML file with values; can be repeated, later files win', append, [])
    .option('--set <key=value>', 'one value, for example server.image=registry.example/paperclip:1', append, [])
    .addOption(
      new Option('--format <format>', 'plain YAML, a Kustomize base or the Helm chart')
        .choices(['yaml', 'kustomize', 'helm'])
        .default('yaml'),
    )
    .option('-o, --output <folder>', 'folder to write the files to; required for kustomize and helm')
    .option('--show-values', 'print every value with its default and its description')
    .addHelpText('after', examples)
    .action(async (options: ManifestsOptions) => {
      const { manifests } = await import('../actions/manifests.ts')
      await manifests(options, terminal)
    })
}

const examples = `
Examples:
  agent-jobs manifests --set server.image=registry.example/paperclip:1 | kubectl apply -f -
  agent-jobs manifests --set server.enabled=false   # for a server that you have
  agent-jobs manifests --format helm --output chart && helm install paperclip chart --namespace paperclip`
