import type { Command } from 'commander'
import { readLabel, readObjectName } from '../input/options.ts'
import type { Terminal } from '../output/terminal.ts'

interface RbacOptions {
  namespace: string
  agentNamespace?: string
  serviceAccount: string
  dedicatedPvc?: boolean
}

/** `agent-jobs rbac`: the least that a Paperclip server must be allowed, as YAML for `kubectl apply`. */
export function addRbacCommand(program: Command, terminal: Terminal): void {
  program
    .command('rbac')
    .description('Print the service account, Role and RoleBinding that the Paperclip adapters need; asks no cluster.')
    .option('-n, --namespace <name>', 'namespace of the Paperclip server', readLabel, 'paperclip')
    .option('--agent-namespace <name>', "namespace of the agents' Jobs (default: the server's)", readLabel)
    .option('--service-account <name>', 'service account of the server', readObjectName, 'paperclip')
    .option('--dedicated-pvc', "with what OpenCode's `agentDbMode: dedicated_pvc` takes besides")
    .action(async ({ namespace, agentNamespace, serviceAccount, dedicatedPvc }: RbacOptions) => {
      // Every other command starts without the kit.
      const { dedicatedClaimPermissions, manifestsYaml, permissions, rbacManifests } =
        await import('@agent-jobs/adapter-kit')
      const manifests = rbacManifests({
        namespace,
        serviceAccount,
        ...(agentNamespace === undefined ? {} : { agentNamespace }),
        ...(dedicatedPvc ? { grants: [...permissions, ...dedicatedClaimPermissions] } : {}),
      })
      terminal.out(manifestsYaml('What the agent-jobs adapters need, and nothing more: kubectl apply -f -', manifests))
    })
}
