import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { text as readStream } from 'node:stream/consumers'
import type { Agent } from '@agent-jobs/agent-run'
import { quantityValue } from '@agent-jobs/kube-api'
import { loadAgent } from '../agents/load-agent.ts'
import { CliError } from '../errors/cli-error.ts'
import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { resolveCluster } from '../cluster/resolve-cluster.ts'
import type { SplitArguments } from '../input/dashes.ts'
import { readEnvironment, type EnvironmentEntry } from '../input/environment-option.ts'
import { agentArguments } from '../run/agent-options.ts'
import type { CopyOut } from '../run/artifacts.ts'
import { dryRun } from '../run/dry-run.ts'
import { executeRun } from '../run/execute-run.ts'
import { fileReason } from '../input/file-reason.ts'
import type { ClaimMount, CopyPair, GitSource, TolerationOption } from '../input/options.ts'
import { packFolder } from '../run/pack-folder.ts'
import { readTemplate } from '../run/read-template.ts'
import { createRunRequest, type PackedInput } from '../run/run-request.ts'
import type { Terminal } from '../output/terminal.ts'

/** The flags of `agent-jobs run`. */
export interface RunOptions extends ClusterOptions {
  agent: string
  image: string
  prompt?: string
  promptFile?: string
  resume?: string
  outputSchema?: string
  env?: EnvironmentEntry[]
  envFile?: string[]
  git?: GitSource
  copyIn?: CopyPair[]
  copyOut?: CopyPair[]
  artifact?: string[]
  pvc?: ClaimMount[]
  cwd?: string
  key?: string
  model?: string
  cpu?: string
  limitCpu?: string
  memory?: string
  gpu?: number
  pullSecret?: string[]
  label?: Record<string, string>
  serviceAccount?: string
  nodeSelector?: Record<string, string>
  toleration?: TolerationOption[]
  queue?: string
  template?: string
  timeout?: number
  startTimeout: number
  keep?: boolean
  detach?: boolean
  dryRun?: boolean
  quiet?: boolean
  output?: 'text' | 'json'
  json?: boolean
}

/** Runs one agent Job on a cluster and gives the exit code. */
export async function run(
  { prompt: argument, extra }: SplitArguments,
  options: RunOptions,
  terminal: Terminal,
): Promise<number> {
  const began = Date.now()
  // Report what only the caller can fix before connecting to a cluster.
  const prompt = await promptOf(argument, options, terminal)
  const secretEnv = await readEnvironment(options, terminal.env)
  const chosen = await loadAgent(options.agent)
  const { image, cwd, key, model, cpu, limitCpu, memory, gpu, resume, timeout, keep, pvc, detach, git } = options
  const agent: Agent =
    resume === undefined ? chosen : { ...chosen, createParser: () => chosen.createParser({ resumed: true }) }
  const outputSchema = options.outputSchema === undefined ? undefined : await readSchema(options.outputSchema)
  const runId = randomUUID()
  const copyOut = [
    ...(options.copyOut ?? []).map(({ from, to }) => ({ path: from, to })),
    ...(options.artifact ?? []).map((path) => ({
      path,
      to: `agent-jobs-artifacts/${runId}/${path.split('/').at(-1)}`,
    })),
  ]
  if (detach && copyOut.length > 0) {
    throw new CliError(
      'usage',
      '--copy-out and --artifact need a command that waits for the end. Leave out --detach, or write to a volume with --pvc.',
    )
  }
  refuseDoubleTargets(copyOut)
  refuseLowLimit(cpu, limitCpu)
  const request = createRunRequest({
    agent,
    image,
    runId,
    prompt,
    secretEnv,
    claims: pvc ?? [],
    extra: [...agentArguments(agent, { resume, outputSchema }), ...extra],
    git,
    copyIn: await packAll(options.copyIn ?? []),
    copyOut: copyOut.map(({ path }) => path),
    cwd,
    key,
    model,
    cpu,
    limitCpu,
    memory,
    gpu,
    pullSecrets: options.pullSecret,
    labels: options.label,
    serviceAccount: options.serviceAccount,
    nodeSelector: options.nodeSelector,
    tolerations: options.toleration,
    queue: options.queue,
    template: options.template === undefined ? undefined : await readTemplate(options.template),
    timeoutMs: timeout,
    startTimeoutMs: options.startTimeout,
    keep: keep ?? false,
  })
  if (options.dryRun) {
    const where = options.namespace ?? resolveCluster(options, terminal.env).namespace
    terminal.out(await dryRun(request, where))
    return 0
  }
  const { kubeConfig, namespace } = resolveCluster(options, terminal.env, (message) => terminal.err(`! ${message}\n`))
  return executeRun({
    kubeConfig,
    namespace,
    request,
    agent,
    model,
    terminal,
    began,
    output: options.json ? 'json' : options.quiet ? 'text' : (options.output ?? 'transcript'),
    detach: detach ?? false,
    copyOut,
    variables: secretEnv,
  })
}

function refuseDoubleTargets(copies: readonly CopyOut[]): void {
  const seen = new Map<string, string>()
  for (const { path, to } of copies) {
    const other = seen.get(to)
    if (other !== undefined) {
      throw new CliError(
        'usage',
        `${other} and ${path} would both be written to ${to}. Pass --copy-out PATH:TO for one of them.`,
      )
    }
    seen.set(to, path)
  }
}

function refuseLowLimit(cpu: string | undefined, limit: string | undefined): void {
  if (cpu === undefined || limit === undefined || (quantityValue(cpu) ?? 0) <= (quantityValue(limit) ?? 0)) return
  throw new CliError('usage', `--cpu ${cpu} is more than --limit-cpu ${limit}. Ask for less, or raise the limit.`)
}

async function packAll(pairs: readonly CopyPair[]): Promise<PackedInput[]> {
  return Promise.all(pairs.map(async ({ from, to }) => ({ archive: await packFolder(from), path: to })))
}

async function promptOf(argument: string | undefined, options: RunOptions, terminal: Terminal): Promise<string> {
  const given = [argument, options.prompt, options.promptFile].filter((each) => each !== undefined)
  if (given.length > 1) {
    throw new CliError(
      'usage',
      'There are two prompts. Quote a prompt of several words, and pass it once: as an argument, with --prompt TEXT or with --prompt-file FILE.',
    )
  }
  const prompt = argument ?? options.prompt ?? (await promptFromFile(options.promptFile, terminal))
  if (prompt.trim() === '') throw new CliError('usage', 'The prompt is empty.')
  return prompt
}

async function promptFromFile(file: string | undefined, terminal: Terminal): Promise<string> {
  if (file === undefined) {
    throw new CliError(
      'usage',
      "No prompt given. Pass it as an argument: agent-jobs run 'Fix the tests'; or with --prompt-file FILE (- for standard input).",
    )
  }
  if (file === '-') return readStream(terminal.stdin)
  return readTextFile(file, 'the prompt in')
}

async function readSchema(file: string): Promise<string> {
  const text = await readTextFile(file, 'the schema in')
  try {
    const schema: unknown = JSON.parse(text)
    if (typeof schema === 'object' && schema !== null && !Array.isArray(schema)) return JSON.stringify(schema)
    throw new TypeError('it is not an object')
  } catch (cause) {
    throw new CliError(
      'usage',
      `${file} is not a JSON schema: ${cause instanceof Error ? cause.message : String(cause)}.`,
      { cause },
    )
  }
}

async function readTextFile(file: string, what: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new CliError('file_unreadable', `Cannot read ${what} ${file}: ${fileReason(cause)}.`, { cause })
  }
}
