import { agentNames } from '../agents/agent-names.ts'
import { loadAgent } from '../agents/load-agent.ts'
import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { withCluster, type OpenCluster } from '../cluster/with-cluster.ts'
import { CliError } from '../errors/cli-error.ts'
import { redactedTerminal, type Redact } from '../output/redacted-terminal.ts'
import { outcomeBlock } from '../output/outcome-block.ts'
import { jsonLine } from '../output/safe-text.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'
import { rememberSignal } from '../run/exit-code.ts'
import { followRun } from '../run/follow-run.ts'
import { isSuccess } from '../run/run-report.ts'
import { findRun, previousRun } from '../runs/find-run.ts'
import { observeRun } from '../runs/observe-run.ts'
import { isShown, measureOutput, type LineSelection } from '../runs/line-window.ts'
import { redactionOf, type RunRedaction } from '../runs/run-redaction.ts'
import { showRaw } from '../runs/show-raw.ts'
import { isOver, type RunView } from '../runs/run-view.ts'

/** The flags of `agent-jobs logs`. */
export interface LogsOptions extends ClusterOptions {
  agent?: string
  follow?: boolean
  tail?: number
  since?: number
  timestamps?: boolean
  previous?: boolean
  raw?: boolean
  json?: boolean
}

/** Shows the output of a run and gives the exit code. */
export async function logs(job: string | undefined, flags: LogsOptions, terminal: Terminal): Promise<number> {
  return withCluster(flags, terminal, async (cluster) => {
    const named = await findRun(cluster, job)
    const { view } = flags.previous ? await previousRun(cluster, named) : named
    const agent = flags.raw ? undefined : (flags.agent ?? view.agent ?? undefined)
    if (agent === undefined && flags.json) {
      throw new CliError(
        'usage',
        `The labels of ${view.job} do not say which agent it runs. Pass --agent ${agentNames.join(' or ')}.`,
      )
    }
    // The JSON object reports how the run ended, so wait for the end.
    const follows = flags.follow === true || flags.json === true || isOver(view)
    const extent =
      follows && flags.tail === undefined
        ? { last: undefined, from: 0 }
        : await measureOutput(cluster.client, view, flags.tail)
    if (!follows && extent.last === undefined) return nothingYet(view, terminal)
    const lines: LineSelection = {
      from: extent.from,
      sinceMs: flags.since === undefined ? 0 : Date.now() - flags.since,
      timestamps: flags.timestamps ?? false,
      until: follows ? undefined : extent.last,
    }
    const { redact, warning } = flags.raw ? unredacted : await redactionOf(cluster, view)
    if (warning !== null) terminal.err(`! ${warning}\n`)
    const safe = redactedTerminal(terminal, redact)
    if (agent === undefined) return showRaw({ cluster, view, lines, redact, terminal: safe })
    return showTranscript({ cluster, view, agent, lines, json: flags.json ?? false, redact, terminal: safe })
  })
}

// `--raw` promises the agent's own lines.
const unredacted: RunRedaction = { redact: (text) => text, warning: null }

function nothingYet({ job, state, reason }: RunView, terminal: Terminal): number {
  const why = reason === null ? '' : ` (${reason})`
  terminal.err(
    `${job} has printed nothing yet: it is ${state}${why}. Wait for it with \`agent-jobs logs -f ${job}\`.\n`,
  )
  return 0
}

interface TranscriptOptions {
  readonly cluster: OpenCluster
  readonly view: RunView
  readonly agent: string
  readonly lines: LineSelection
  readonly json: boolean
  readonly redact: Redact
  readonly terminal: Terminal
}

async function showTranscript({
  cluster,
  view,
  agent,
  lines,
  json,
  redact,
  terminal,
}: TranscriptOptions): Promise<number> {
  const style = createStyle(json ? terminal.colours.err : terminal.colours.out)
  const say = (line: string): void => (json ? terminal.err : terminal.out)(`${line}\n`)
  const signals = rememberSignal(terminal.onSignal)
  const caughtUp = new AbortController()
  const { report, settled } = await followRun({
    agent: await loadAgent(agent),
    model: undefined,
    style,
    say,
    redact,
    shown: (event, shown) => {
      if (event.type !== 'line') return shown
      if (lines.until !== undefined && event.seq >= lines.until) caughtUp.abort()
      return isShown(event, lines) ? stamped(event, shown, lines) : []
    },
    began: Date.now(),
    now: () => Date.now(),
    onSignal: signals.onSignal,
    interrupt: 'leave',
    unread: AbortSignal.any([terminal.outClosed, caughtUp.signal]),
    start: (signal) => observeRun(cluster.runner, { job: view.job }, signal),
  })
  await settled
  if (caughtUp.signal.aborted) {
    terminal.err(`${style.dim(`The run goes on; follow it with: agent-jobs logs -f ${view.job}`)}\n`)
    return 0
  }
  outcomeBlock(report, style).forEach(say)
  if (json) terminal.out(jsonLine(report))
  if (terminal.outClosed.aborted) return 0
  return isSuccess(report) ? 0 : (signals.exitCode() ?? 1)
}

type LineEvent = Parameters<typeof isShown>[0]

function stamped({ time }: LineEvent, shown: readonly string[], { timestamps }: LineSelection): readonly string[] {
  if (!timestamps) return shown
  return shown.map((line) => `${new Date(time).toISOString()} ${line}`)
}
