import { describeOutcome, RunError, type RunHandle } from '@agent-jobs/k8s-job-runner'
import { agentNames } from '../agents/agent-names.ts'
import { agentNamed } from '../agents/agents.ts'
import { CliError } from '../errors/cli-error.ts'
import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { withCluster, type OpenCluster } from '../cluster/with-cluster.ts'
import { rememberSignal } from '../run/exit-code.ts'
import { followRun } from '../run/follow-run.ts'
import { agentOfJob } from '../agents/job-agent.ts'
import { outcomeBlock } from '../output/outcome-block.ts'
import { isSuccess } from '../run/run-report.ts'
import { jsonLine, plain } from '../output/safe-text.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'

/** The flags of `agent-jobs logs`. */
export interface LogsOptions extends ClusterOptions {
  agent?: string
  raw?: boolean
  json?: boolean
}

/** Shows a run from its first line to its end and gives the exit code. */
export async function logs(
  job: string,
  { agent, raw, json, ...options }: LogsOptions,
  terminal: Terminal,
): Promise<number> {
  return withCluster(options, terminal, async ({ runner, namespace }) => {
    const name = raw === true ? undefined : (agent ?? agentOfJob(await summaryOf(runner, job)))
    if (name !== undefined) return showTranscript({ runner, job, agent: name, json: json ?? false, terminal })
    if (json !== true) return showRaw(runner, job, terminal)
    throw new CliError(
      'usage',
      `The labels of ${job} in ${namespace} do not say which agent it runs. Pass --agent ${agentNames.join(' or ')}.`,
    )
  })
}

type Runner = OpenCluster['runner']

async function summaryOf(runner: Runner, job: string): Promise<Parameters<typeof agentOfJob>[0]> {
  const runs = await runner.list()
  return runs.find((run) => run.job === job) ?? { labels: {} }
}

interface TranscriptOptions {
  readonly runner: Runner
  readonly job: string
  readonly agent: string
  readonly json: boolean
  readonly terminal: Terminal
}

async function showTranscript({ runner, job, agent, json, terminal }: TranscriptOptions): Promise<number> {
  const style = createStyle(json ? terminal.colours.err : terminal.colours.out)
  const say = (line: string): void => (json ? terminal.err : terminal.out)(`${line}\n`)
  const signals = rememberSignal(terminal.onSignal)
  const { report, settled } = await followRun({
    agent: agentNamed(agent),
    model: undefined,
    style,
    say,
    began: Date.now(),
    now: () => Date.now(),
    onSignal: signals.onSignal,
    interrupt: 'leave',
    unread: terminal.outClosed,
    start: (signal) => runner.attach({ job }, { observe: true, signal }),
  })
  outcomeBlock(report, style).forEach(say)
  if (json) terminal.out(jsonLine(report))
  await settled
  if (terminal.outClosed.aborted) return 0
  return isSuccess(report) ? 0 : (signals.exitCode() ?? 1)
}

async function showRaw(runner: Runner, job: string, terminal: Terminal): Promise<number> {
  const leave = new AbortController()
  const signals = rememberSignal(terminal.onSignal)
  let run: RunHandle | undefined
  let leaving: Promise<void> | undefined
  const goAway = (): void => {
    leave.abort()
    leaving ??= run?.detach()
  }
  const stopListening = signals.onSignal(goAway)
  terminal.outClosed.addEventListener('abort', goAway)
  try {
    run = await runner.attach({ job }, { observe: true, signal: leave.signal })
    for await (const event of run.events) {
      if (event.type === 'line') {
        const newline = event.unterminated || (event.part && !event.part.last) ? '' : '\n'
        const stream = event.stream === 'stderr' ? 'err' : 'out'
        // As it is only where no terminal shows it.
        const write = terminal.isTTY[stream] ? (text: string) => terminal[stream](plain(text)) : terminal.raw[stream]
        write(`${event.text}${newline}`)
      } else if (event.type === 'gap') {
        terminal.err(`! output is missing: ${event.unit} ${event.from} to ${event.to} (${event.reason})\n`)
      }
    }
    const { code, message } = describeOutcome(await run.outcome)
    terminal.err(`${code}: ${plain(message)}\n`)
    return code === 'succeeded' ? 0 : 1
  } catch (error) {
    if (!leave.signal.aborted && !(RunError.isInstance(error) && error.code === 'detached')) throw error
    // Who closes a pipe, as `| head` does, has seen enough.
    if (terminal.outClosed.aborted) return 0
    terminal.err('The run was left alone; it goes on.\n')
    return signals.exitCode() ?? 1
  } finally {
    stopListening()
    terminal.outClosed.removeEventListener('abort', goAway)
    await leaving
  }
}
