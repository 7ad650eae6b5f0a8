import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { AgentDefinition } from '../src/agent/agent-definition.ts'
import { manifestsYaml, rbacManifests, serverManifests } from '../src/environment/deploy-manifests.ts'
import { dedicatedClaimPermissions, roleYaml } from '../src/environment/permissions.ts'
import { errorsTable } from '../src/result/error-table.ts'
import { settingsTable } from '../src/settings/config-form.ts'

/** The generated parts of an adapter's README by the name of their marker; a test fails when they are stale. */
export function readmeParts(
  definition: Pick<AgentDefinition, 'schema' | 'errorNames' | 'ownErrors'>,
): Record<string, string> {
  return {
    settings: settingsTable(definition.schema),
    errors: errorsTable(definition.errorNames, definition.ownErrors),
    role: `\`\`\`yaml\n${roleYaml()}\n\`\`\``,
  }
}

/** The package's `deploy` folder; all of it is made of the table of permissions that the environment test checks. */
export function deployFiles({ extraPermissions }: Pick<AgentDefinition, 'extraPermissions'>): Record<string, string> {
  const rbac = `The Paperclip server's service account and all that it must be allowed for its agents' Jobs.
Apply it after the namespace "paperclip", or write another namespace everywhere.`
  const server = `A Paperclip server whose agents run as Jobs: claim, service and one pod, which uses the account of rbac.yaml.
Its image holds Paperclip and starts it; agent pods use the same image unless their settings name another, so it
holds the agent, too. Make the keys first:
  kubectl -n paperclip create secret generic paperclip-keys \\
    --from-literal=BETTER_AUTH_SECRET="$(openssl rand -hex 32)" \\
    --from-literal=PAPERCLIP_AGENT_JWT_SECRET="$(openssl rand -hex 32)"`
  const dedicated = 'What agents with "agentDbMode: dedicated_pvc" take besides rbac.yaml.'
  const [, ...claims] = rbacManifests({ role: 'agent-jobs-dedicated-pvc', grants: dedicatedClaimPermissions })
  return {
    'rbac.yaml': manifestsYaml(rbac, rbacManifests()),
    'paperclip.yaml': manifestsYaml(server, serverManifests()),
    ...(extraPermissions ? { 'rbac-dedicated-pvc.yaml': manifestsYaml(dedicated, claims) } : {}),
  }
}

/** Writes the `deploy` folder of a package. */
export function writeDeployFiles(root: string, definition: Parameters<typeof deployFiles>[0]): void {
  mkdirSync(join(root, 'deploy'), { recursive: true })
  for (const [name, text] of Object.entries(deployFiles(definition))) writeFileSync(join(root, 'deploy', name), text)
}

/** Writes the generated parts into a README, each between its markers. */
export function writeReadme(file: string, parts: Record<string, string>): void {
  let text = readFileSync(file, 'utf8')
  for (const [name, part] of Object.entries(parts)) {
    text = text.replace(
      new RegExp(`(<!-- ${name} -->)[\\s\\S]*?(<!-- /${name} -->)`),
      (_all, open: string, close: string) => `${open}\n\n${part}\n\n${close}`,
    )
  }
  writeFileSync(file, text)
}
