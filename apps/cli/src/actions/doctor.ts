import { readFile } from 'node:fs/promises'
import { CliError } from '../cli-error.ts'
import type { AgentName } from '../agents/agent-names.ts'
import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { resolveCluster } from '../cluster/cluster-options.ts'
import { fileReason } from '../input/file-reason.ts'
import { createStyle, plain, type Style } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'

/** The flags of `agent-jobs doctor`. */
export interface DoctorOptions extends ClusterOptions {
  agent: AgentName
  image?: string
  config?: string
  json?: boolean
}

// Each is a large file: only the one that is asked for is loaded.
const adapters = {
  claude: () => import('@agent-jobs/adapter-claude-k8s'),
  opencode: () => import('@agent-jobs/adapter-opencode-k8s'),
}

type Adapter = ReturnType<Awaited<ReturnType<(typeof adapters)['claude']>>['createServerAdapter']>
type Finding = Awaited<ReturnType<Adapter['testEnvironment']>>['checks'][number]

/** Runs the environment test of an adapter and gives the exit code. */
export async function doctor(
  { agent, image, config: file, json, ...where }: DoctorOptions,
  terminal: Terminal,
): Promise<number> {
  const { kubeConfig, namespace } = resolveCluster(where, terminal.env)
  const { createServerAdapter } = await adapters[agent]()
  const adapter = createServerAdapter()
  const result = await adapter.testEnvironment({
    companyId: 'agent-jobs-doctor',
    adapterType: adapter.type,
    config: {
      namespace,
      ...(image === undefined ? {} : { image, environmentProbe: true }),
      ...(file === undefined ? {} : await readConfig(file)),
      kubeconfig: kubeConfig.exportConfig(),
    },
  })
  const code = result.status === 'fail' ? 1 : 0
  if (json) {
    terminal.out(`${JSON.stringify(result)}\n`)
    return code
  }
  const style = createStyle(terminal.colours.out)
  for (const finding of result.checks) for (const line of findingLines(finding, style)) terminal.out(`${line}\n`)
  return code
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
