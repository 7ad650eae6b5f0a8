import { readFile } from 'node:fs/promises'
import { Option, type Command } from 'commander'
import { CliError } from '../cli-error.ts'
import { addClusterOptions, resolveCluster, type ClusterOptions } from '../cluster/cluster-options.ts'
import { fileReason } from '../input/file-reason.ts'
import type { SetExitCode } from '../program.ts'
import { createStyle, plain, type Style } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'

interface DoctorOptions extends ClusterOptions {
  agent: keyof typeof adapters
  image?: string
  config?: string
  json?: boolean
}

// Loaded when they are asked: every other command starts without them.
const adapters = {
  claude: () => import('@agent-jobs/adapter-claude-k8s'),
  opencode: () => import('@agent-jobs/adapter-opencode-k8s'),
}

type Adapter = ReturnType<Awaited<ReturnType<(typeof adapters)['claude']>>['createServerAdapter']>
type Finding = Awaited<ReturnType<Adapter['testEnvironment']>>['checks'][number]

/** `agent-jobs doctor`: the environment test of the Paperclip adapters, from a shell. */
export function addDoctorCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  addClusterOptions(
    program
      .command('doctor')
      .description('Say whether agents can run in a namespace: permissions, quota, volume, image; with a remedy each.'),
  )
    .addOption(new Option('--agent <name>', 'which agent').choices(Object.keys(adapters)).default('claude'))
    .option('--image <name>', 'image of the agent; it is tried out in a pod of its own')
    .option('--config <file>', "an agent's configuration in Paperclip, as JSON")
    .option('--json', 'print one JSON object')
    .action(async ({ agent, image, config: file, json, ...where }: DoctorOptions) => {
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
      setExitCode(result.status === 'fail' ? 1 : 0)
      if (json) return terminal.out(`${JSON.stringify(result)}\n`)
      const style = createStyle(terminal.colours.out)
      for (const finding of result.checks) for (const line of findingLines(finding, style)) terminal.out(`${line}\n`)
    })
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
