import { agentNames } from '../agents/agent-names.ts'
import { agentNamed } from '../agents/agents.ts'
import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { withCluster, type OpenCluster } from '../cluster/with-cluster.ts'
import { jsonLine, plain } from '../output/safe-text.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'
import { rememberSignal } from '../run/exit-code.ts'
import { followRun } from '../run/follow-run.ts'
import { isSuccess, type RunReport } from '../run/run-report.ts'
import { observeRun } from '../runs/observe-run.ts'
import { findRun } from '../runs/find-run.ts'
import { redactionOf } from '../runs/run-redaction.ts'
import type { RunView } from '../runs/run-view.ts'

/** The flags of `agent-jobs wait`. */
export interface WaitOptions extends ClusterOptions {
  timeout?: number
  json?: boolean
}

/** Waits for runs to end; gives the exit code of a run that failed, 124 after the time-out. */
export async function wait(
  jobs: readonly string[],
  { timeout, json, ...options }: WaitOptions,
  terminal: Terminal,
): Promise<number> {
  const signals = rememberSignal(terminal.onSignal)
  const tooLong = timeout === undefined ? new AbortController().signal : AbortSignal.timeout(timeout)
  return withCluster(options, terminal, async (cluster) => {
    const codes = await Promise.all(
      jobs.map(async (job) => {
        const { view } = await findRun(cluster, job)
        const report = await endOf(cluster, view, AbortSignal.any([tooLong, terminal.outClosed]), signals.onSignal)
        if (report.outcome === 'detached') {
          if (tooLong.aborted) terminal.err(`${job} has not ended in time; it goes on.\n`)
          return tooLong.aborted ? 124 : (signals.exitCode() ?? 0)
        }
        const { redact } = await redactionOf(cluster, view)
        terminal.out(redact(json ? jsonLine(report) : lineOf(job, report, terminal)))
        return isSuccess(report) ? 0 : report.exitCode || 1
      }),
    )
    return codes.find((code) => code !== 0) ?? 0
  })
}

async function endOf(
  cluster: OpenCluster,
  view: RunView,
  unread: AbortSignal,
  onSignal: Terminal['onSignal'],
): Promise<RunReport> {
  const { report, settled } = await followRun({
    agent: agentNamed(view.agent ?? agentNames[0]),
    model: undefined,
    style: createStyle(false),
    // Only the outcome is needed.
    say: () => undefined,
    began: Date.now(),
    now: () => Date.now(),
    onSignal,
    interrupt: 'leave',
    unread,
    start: (signal) => observeRun(cluster.runner, { job: view.job }, signal),
  })
  await settled
  return report
}

function lineOf(job: string, report: RunReport, terminal: Terminal): string {
  const style = createStyle(terminal.colours.out)
  if (isSuccess(report)) return `${style.green('✔')} ${job} succeeded\n`
  const message = report.errorMessage === null ? '' : `: ${plain(report.errorMessage)}`
  return `${style.red('✘')} ${job} ${report.errorCode ?? report.outcome}${message}\n`
}
