import { describeOutcome, RunError, type RunHandle } from '@agent-jobs/k8s-job-runner'
import { Option, type Command } from 'commander'
import { agentNamed, agentNames } from './agents.ts'
import { addClusterOptions, withCluster, type ClusterOptions, type OpenCluster } from './cluster-options.ts'
import { followRun } from './follow-run.ts'
import { agentOfJob } from './job-agent.ts'
import { outcomeBlock } from './outcome-block.ts'
import type { SetExitCode } from './program.ts'
import { isSuccess } from './run-report.ts'
import { createStyle, plain } from './style.ts'
import type { Terminal } from './terminal.ts'

interface LogsOptions extends ClusterOptions {
  agent?: string
  raw?: boolean
}

/** `agent-jobs logs`: a run from its first line to its end, looked at from outside; nothing in the cluster changes. */
export function addLogsCommand(program: Command, terminal: Terminal, setExitCode: SetExitCode): void {
  addClusterOptions(
    program
      .command('logs')
      .description('Follow a run from its first line to its end. Only looks: Ctrl-C leaves the run alone.')
      .argument('<job>', 'name of the Job, as `agent-jobs ps` shows it'),
  )
    .addOption(new Option('--agent <name>', 'how to read it (default: by the labels of the Job)').choices(agentNames))
    .option('--raw', "the agent's own lines as they are: stdout on stdout, stderr on stderr")
    .action(async (job: string, { agent, raw, ...options }: LogsOptions) => {
      const code = await withCluster(options, terminal, async ({ runner }) => {
        const name = raw === true ? undefined : (agent ?? agentOfJob(await summaryOf(runner, job)))
        return name === undefined ? showRaw(runner, job, terminal) : showTranscript(runner, job, name, terminal)
      })
      setExitCode(code)
    })
}

type Runner = OpenCluster['runner']

async function summaryOf(runner: Runner, job: string): Promise<Parameters<typeof agentOfJob>[0]> {
  const runs = await runner.list()
  return runs.find((run) => run.job === job) ?? { labels: {} }
}

async function showTranscript(runner: Runner, job: string, name: string, terminal: Terminal): Promise<number> {
  const style = createStyle(terminal.colours.out)
  const say = (line: string): void => terminal.out(`${line}\n`)
  const { report, settled } = await followRun({
    agent: agentNamed(name),
    model: undefined,
    style,
    say,
    began: Date.now(),
    now: () => Date.now(),
    onSignal: terminal.onSignal,
    interrupt: 'leave',
    start: (signal) => runner.attach({ job }, { observe: true, signal }),
  })
  outcomeBlock(report, style).forEach(say)
  await settled
  return isSuccess(report) ? 0 : 1
}

async function showRaw(runner: Runner, job: string, terminal: Terminal): Promise<number> {
  const leave = new AbortController()
  let run: RunHandle | undefined
  let leaving: Promise<void> | undefined
  const stopListening = terminal.onSignal(() => {
    leave.abort()
    leaving ??= run?.detach()
  })
  try {
    run = await runner.attach({ job }, { observe: true, signal: leave.signal })
    for await (const event of run.events) {
      if (event.type === 'line') {
        const newline = event.unterminated || (event.part && !event.part.last) ? '' : '\n'
        ;(event.stream === 'stderr' ? terminal.err : terminal.out)(`${event.text}${newline}`)
      } else if (event.type === 'gap') {
        terminal.err(`! output is missing: ${event.unit} ${event.from} to ${event.to} (${event.reason})\n`)
      }
    }
    const { code, message } = describeOutcome(await run.outcome)
    terminal.err(`${code}: ${plain(message)}\n`)
    return code === 'succeeded' ? 0 : 1
  } catch (error) {
    if (!leave.signal.aborted && !(RunError.isInstance(error) && error.code === 'detached')) throw error
    terminal.err('The run was left alone; it goes on.\n')
    return 1
  } finally {
    stopListening()
    await leaving
  }
}
