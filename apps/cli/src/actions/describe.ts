import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { withClient } from '../cluster/with-client.ts'
import { outcomeRows, seconds } from '../output/outcome-block.ts'
import { jsonLine, plain } from '../output/safe-text.ts'
import { createStyle, type Style } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'
import { age } from '../output/text-table.ts'
import { describeRun, type RunDescription } from '../runs/describe-run.ts'
import { findRun } from '../runs/find-run.ts'

/** Shows everything that is known about one run. */
export async function describe(
  job: string | undefined,
  { json, ...options }: ClusterOptions & { json?: boolean },
  terminal: Terminal,
): Promise<void> {
  await withClient(options, terminal, async (cluster) => {
    const { description, summary } = await describeRun(cluster, await findRun(cluster, job))
    if (json) return terminal.out(jsonLine(description))
    const style = createStyle(terminal.colours.out)
    const { session: sessionId, model, costUsd, durationMs } = description
    const numbers = { sessionId, model, costUsd, durationMs, usage: summary?.usage ?? null }
    const lines = [
      ...headLines(description, style),
      ...outcomeRows(numbers, style),
      '',
      style.bold('timeline'),
      ...momentLines(description.timeline, style),
    ]
    for (const line of lines) terminal.out(`${line}\n`)
  })
}

function headLines(description: RunDescription, style: Style): string[] {
  const { job, namespace, state, reason, agent, pod, node, image, key, runId, exitCode, cancelledBy, lock } =
    description
  const row = (name: string, value: string | null): string[] =>
    value === null ? [] : [`  ${style.dim(name.padEnd(9))} ${plain(value)}`]
  return [
    `${style.bold(job)} ${state}${reason === null ? '' : ` (${plain(reason)})`}`,
    ...(description.waitsFor === null ? [] : [`  ${style.yellow('!')} ${plain(description.waitsFor)}`]),
    ...row('cancelled', cancelledBy === null ? null : `by ${cancelledBy}`),
    ...row('exit', exitCode === null ? null : String(exitCode)),
    ...row('agent', agent),
    ...row('image', image),
    ...row('namespace', namespace),
    ...row('pod', pod),
    ...row('node', node),
    ...row('key', `${key} (lock ${lock.secret}: ${lock.state})`),
    ...row('run', runId),
  ]
}

function momentLines(timeline: RunDescription['timeline'], style: Style): string[] {
  const first = Date.parse(timeline[0]?.at ?? '')
  return timeline.map(({ at, what, level }) => {
    const text = plain(what).replaceAll(/\s+/g, ' ')
    const ms = Date.parse(at) - first
    const since = ms < 60_000 ? seconds(ms) : age(ms)
    return `  ${style.dim(at)} ${style.dim(`+${since}`.padEnd(8))} ${level === 'warning' ? style.yellow(text) : text}`
  })
}
