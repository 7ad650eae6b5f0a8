import { readFile } from 'node:fs/promises'
import type { AdapterDependencies } from '@agent-jobs/adapter-kit'
import type { KubeConfig } from '@agent-jobs/kube-api'
import { CliError } from '../errors/cli-error.ts'
import type { AgentName } from '../agents/agent-names.ts'
import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { resolveCluster } from '../cluster/resolve-cluster.ts'
import { fileReason } from '../input/file-reason.ts'
import { jsonLine, plain } from '../output/safe-text.ts'
import { createStyle, type Style } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'

/** The flags of `agent-jobs doctor`. */
export interface DoctorOptions extends ClusterOptions {
  agent: AgentName
  image?: string
  config?: string
  json?: boolean
}

// Each is a large file: only the one that is asked for is loaded.
const loadKit = () => import('@agent-jobs/adapter-kit')
const adapters = {
  async claude(deps: AdapterDependencies) {
    const { createAdapter } = await loadKit()
    const { claudeDefinition } = await import('@agent-jobs/adapter-claude-k8s')
    return createAdapter(claudeDefinition, deps)
  },
  async opencode(deps: AdapterDependencies) {
    const { createAdapter } = await loadKit()
    const { opencodeDefinition } = await import('@agent-jobs/adapter-opencode-k8s')
    return createAdapter(opencodeDefinition, deps)
  },
}

type Adapter = Awaited<ReturnType<(typeof adapters)['claude']>>
type Finding = Awaited<ReturnType<Adapter['testEnvironment']>>['checks'][number]

/** Runs the environment test of an adapter and gives the exit code. */
export async function doctor(
  { agent, image, config: file, json, ...where }: DoctorOptions,
  terminal: Terminal,
): Promise<number> {
  const { kubeConfig, namespace } = resolveCluster(where, terminal.env)
  const deps = await dependencies(kubeConfig, terminal.env)
  const adapter = await adapters[agent](deps)
  const result = await adapter.testEnvironment({
    companyId: 'agent-jobs-doctor',
    adapterType: adapter.type,
    config: {
      namespace,
      ...(image === undefined ? {} : { image, environmentProbe: true }),
      ...(file === undefined ? {} : await readConfig(file)),
      // That of the person at the shell, which may name files and programs.
      kubeconfig: undefined,
    },
  })
  await deps.clusters.close()
  const code = result.status === 'fail' ? 1 : 0
  if (json) {
    terminal.out(jsonLine(result))
    return code
  }
  const style = createStyle(terminal.colours.out)
  for (const finding of result.checks) for (const line of findingLines(finding, style)) terminal.out(`${line}\n`)
  return code
}

/** The adapter's dependencies with the cluster of the person at the shell in place of the server's own. */
async function dependencies(kubeConfig: KubeConfig, env: Terminal['env']): Promise<AdapterDependencies> {
  const { createClusterPool, systemDependencies } = await loadKit()
  return systemDependencies({ env, clusters: createClusterPool({ env, kubeConfig }) })
}

async function readConfig(file: string): Promise<Record<string, unknown>> {
  try {
    const config: unknown = JSON.parse(await readFile(file, 'utf8'))
    if (typeof config === 'object' && config !== null && !Array.isArray(config)) return { ...config }
    throw new TypeError('it is no JSON object')
  } catch (cause) {
    throw new CliError('file_unreadable', `Cannot read the configuration ${file}: ${fileReason(cause)}.`, { cause })
  }
}

function findingLines({ level, message, detail, hint }: Finding, style: Style): string[] {
  const mark = { info: style.green('✔'), warn: style.yellow('!'), error: style.red('✘') }[level]
  return [
    `${mark} ${plain(message)}`,
    ...(detail ? [`  ${style.dim(plain(detail))}`] : []),
    ...(hint ? [`  → ${plain(hint)}`] : []),
  ]
}
