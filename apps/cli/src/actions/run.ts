import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { text as readStream } from 'node:stream/consumers'
import { agentNamed } from '../agents/agents.ts'
import { CliError } from '../errors/cli-error.ts'
import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { resolveCluster } from '../cluster/resolve-cluster.ts'
import { readEnvironment, type EnvironmentEntry } from '../input/environment-option.ts'
import { dryRun } from '../run/dry-run.ts'
import { executeRun } from '../run/execute-run.ts'
import { fileReason } from '../input/file-reason.ts'
import type { ClaimMount } from '../input/options.ts'
import { createRunRequest } from '../run/run-request.ts'
import type { Terminal } from '../output/terminal.ts'

/** The flags of `agent-jobs run`. */
export interface RunOptions extends ClusterOptions {
  agent: string
  image: string
  prompt?: string
  promptFile?: string
  env?: EnvironmentEntry[]
  envFile?: string[]
  pvc?: ClaimMount[]
  cwd?: string
  key?: string
  model?: string
  cpu?: string
  memory?: string
  timeout?: number
  startTimeout: number
  keep?: boolean
  detach?: boolean
  dryRun?: boolean
  json?: boolean
}

/** Runs one agent Job on a cluster and gives the exit code. */
export async function run(extra: readonly string[], options: RunOptions, terminal: Terminal): Promise<number> {
  const began = Date.now()
  // What only the caller can mend is said before a cluster is looked for.
  const prompt = await promptOf(options, terminal)
  const secretEnv = await readEnvironment(options, terminal.env)
  const agent = agentNamed(options.agent)
  const { image, cwd, key, model, cpu, memory, timeout, keep, pvc, detach, json } = options
  const request = createRunRequest({
    agent,
    image,
    runId: randomUUID(),
    prompt,
    secretEnv,
    claims: pvc ?? [],
    extra,
    cwd,
    key,
    model,
    cpu,
    memory,
    timeoutMs: timeout,
    startTimeoutMs: options.startTimeout,
    keep: keep ?? false,
  })
  if (options.dryRun) {
    const where = options.namespace ?? resolveCluster(options, terminal.env).namespace
    terminal.out(await dryRun(request, where))
    return 0
  }
  const { kubeConfig, namespace } = resolveCluster(options, terminal.env)
  return executeRun({
    kubeConfig,
    namespace,
    request,
    agent,
    model,
    terminal,
    began,
    json: json ?? false,
    detach: detach ?? false,
  })
}

async function promptOf(options: RunOptions, terminal: Terminal): Promise<string> {
  const prompt = options.prompt ?? (await promptFromFile(options.promptFile, terminal))
  if (prompt.trim() === '')
    throw new CliError('usage', 'The prompt is empty. Pass --prompt TEXT or --prompt-file FILE.')
  return prompt
}

async function promptFromFile(file: string | undefined, terminal: Terminal): Promise<string> {
  if (file === undefined)
    throw new CliError('usage', 'There is no prompt. Pass --prompt TEXT or --prompt-file FILE (- for standard input).')
  if (file === '-') return readStream(terminal.stdin)
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw new CliError('file_unreadable', `Cannot read the prompt in ${file}: ${fileReason(cause)}.`, { cause })
  }
}
