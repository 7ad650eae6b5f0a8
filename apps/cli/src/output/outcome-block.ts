import { isSuccess, type RunReport } from '../run/run-report.ts'
import { plain } from './safe-text.ts'
import type { Style } from './style.ts'

/** The lines that close a run: how it ended, and its numbers. */
export function outcomeBlock(report: RunReport, style: Style): string[] {
  const verdict = isSuccess(report)
    ? style.green(`✔ ${report.outcome}`)
    : style.red(
        `✘ ${report.errorCode ?? report.outcome}${report.errorMessage ? `: ${plain(report.errorMessage)}` : ''}`,
      )
  const job = report.job === null ? null : [report.job, report.node && `on ${report.node}`].filter(Boolean).join(' ')
  const exit = report.exitCode === null ? null : String(report.exitCode)
  if (report.job === null) return ['', verdict]
  return [
    '',
    verdict,
    ...(report.warning === null ? [] : [style.yellow(`  ! ${plain(report.warning)}`)]),
    row('exit', exit, style),
    ...outcomeRows({ ...report, durationMs: report.timings.endedMs ?? report.durationMs }, style, steps(report)),
    row('job', job, style),
  ]
}

interface Numbers {
  readonly sessionId: string | null
  readonly model: string | null
  readonly usage: unknown
  readonly usageBasis?: string | null | undefined
  readonly costUsd: number | null
  readonly durationMs: number | null
}

/** The rows that every summary of a run has. */
export function outcomeRows(numbers: Numbers, style: Style, stepsOfDuration = ''): string[] {
  const { sessionId, model, usage, usageBasis, costUsd, durationMs } = numbers
  const ofSession = usageBasis === 'session_cumulative' ? ' (whole session)' : ''
  return [
    row('session', sessionId, style),
    row('model', model, style),
    row('tokens', tokens(usage, ofSession), style),
    row('cost', costUsd === null ? null : `$${costUsd.toFixed(4)}`, style),
    row('duration', durationMs === null ? null : `${seconds(durationMs)}${stepsOfDuration}`, style),
  ]
}

function row(name: string, value: string | null, style: Style): string {
  return `  ${style.dim(name.padEnd(9))} ${value === null ? style.dim('unknown') : plain(value)}`
}

const words: readonly (readonly [key: string, word: string])[] = [
  ['inputTokens', 'in'],
  ['outputTokens', 'out'],
  ['reasoningTokens', 'reasoning'],
  ['cacheReadInputTokens', 'cache read'],
  ['cacheReadTokens', 'cache read'],
  ['cacheCreationInputTokens', 'cache write'],
  ['cacheWriteTokens', 'cache write'],
]

function tokens(usage: unknown, suffix: string): string | null {
  if (typeof usage !== 'object' || usage === null) return null
  const counts = new Map(Object.entries(usage))
  const parts = words.flatMap(([key, word]) => {
    const count: unknown = counts.get(key)
    return typeof count === 'number' ? [`${word} ${count.toLocaleString('en-US')}`] : []
  })
  return parts.length === 0 ? null : `${parts.join(' · ')}${suffix}`
}

function steps(report: RunReport): string {
  const { submittedMs, runningMs, firstLineMs } = report.timings
  const all: [string, number | null][] = [
    ['submitted', submittedMs],
    ['running', runningMs],
    ['first line', firstLineMs],
  ]
  const known = all.flatMap(([name, ms]) => (ms === null ? [] : [`${name} ${seconds(ms)}`]))
  return known.length === 0 ? '' : ` (${known.join(', ')})`
}

/** A span for a person. */
export function seconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`
}
