import type { Command } from 'commander'
import { readLabel, readObjectName } from '../input/options.ts'
import type { Terminal } from '../output/terminal.ts'

interface RbacOptions {
  namespace: string
  agentNamespace?: string
  serviceAccount: string
  dedicatedPvc?: boolean
}

/** `agent-jobs rbac`: the minimal rights of a Paperclip server, as YAML for `kubectl apply`. */
export function addRbacCommand(program: Command, terminal: Terminal): void {
  program
    .command('rbac')
    .description('Print the service account, Role and RoleBinding that the Paperclip adapters need. Needs no cluster.')
    .option('-n, --namespace <name>', 'namespace of the Paperclip server', readLabel, 'paperclip')
    .option('--agent-namespace <name>', "namespace of the agents' Jobs (default: the server's)", readLabel)
    .option('--service-account <name>', 'service account of the server', readObjectName, 'paperclip')
    .option('--dedicated-pvc', "add what OpenCode's `agentDbMode: dedicated_pvc` needs")
    .action(async ({ namespace, agentNamespace, serviceAccount, dedicatedPvc }: RbacOptions) => {
      // Loaded here because it loads the adapter kit, which every other command starts without.
      const { renderManifests, writeYaml } = await import('@agent-jobs/manifests')
      const objects = renderManifests({
        namespace,
        values: {
          server: { enabled: false },
          serviceAccount: { name: serviceAccount },
          agents: {
            namespace: agentNamespace ?? namespace,
            createNamespace: false,
            volumeClaims: dedicatedPvc ?? false,
          },
        },
      })
      terminal.out(
        writeYaml(
          objects,
          'Everything that the agent-jobs adapters are allowed to do. Apply it with `kubectl apply -f -`.',
        ),
      )
    })
}
