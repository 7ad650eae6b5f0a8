/** Tokens as Codex counts them over a thread. */
export interface TokenTotal {
  input_tokens: number
  cached_input_tokens: number
  cache_write_input_tokens: number
  output_tokens: number
  reasoning_output_tokens: number
}

/** Why Codex was not started, or what is wrong with what it needs. */
export const startCodes = ['codex_login_missing', 'codex_login_unreadable', 'session_unavailable'] as const

/** One of them. */
export type StartCode = (typeof startCodes)[number]

/** What the program in the pod reports about a run, because Codex itself does not print it. */
export interface RunReport {
  /** The thread that was to be continued. */
  resumed: string | null
  /** Totals of the thread before and after the run, from its rollout file. */
  before: TokenTotal | null
  after: TokenTotal | null
  /** Model of the last turn. */
  model: string | null
  /** Tokens of the largest request of this run. */
  largestRequest: number | null
  /** When a used-up limit of the plan opens again, in ms since 1970. */
  limitResetsAt: number | null
  /** When Codex ended, and the zone in which it names times. */
  endedAt: number
  timeZone: string
  /** Codex was not started. */
  problem: { code: StartCode; detail: string } | null
}

const prefix = 'agent-jobs: codex: '
const maxDetail = 1_000

/** The line on stderr by which the program reports to the adapter; read back by `readReport`. */
export function reportLine(report: RunReport): string {
  const problem = report.problem && { ...report.problem, detail: report.problem.detail.slice(0, maxDetail) }
  return `${prefix}${JSON.stringify({ ...report, problem })}`
}

/** True for a line that is a report. */
export function isReportLine(line: string): boolean {
  return line.startsWith(prefix)
}

/** The last report in what a run wrote to stderr. Everything in it is checked: the agent can write there, too. */
export function readReport(stderr: string): RunReport | null {
  const line = stderr.split('\n').findLast(isReportLine)
  if (line === undefined) return null
  let value: unknown
  try {
    value = JSON.parse(line.slice(prefix.length))
  } catch {
    return null
  }
  if (!isRecord(value)) return null
  return {
    resumed: textOf(value['resumed']),
    before: totalOf(value['before']),
    after: totalOf(value['after']),
    model: textOf(value['model']),
    largestRequest: countOf(value['largestRequest']),
    limitResetsAt: countOf(value['limitResetsAt']),
    endedAt: countOf(value['endedAt']) ?? 0,
    timeZone: zoneOf(value['timeZone']),
    problem: problemOf(value['problem']),
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function textOf(value: unknown): string | null {
  return typeof value === 'string' && value.length <= 200 ? value : null
}

function countOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0 ? value : null
}

/** A total as Codex writes it, with every count checked; null where one of the essential ones is missing. */
export function totalOf(value: unknown): TokenTotal | null {
  if (!isRecord(value)) return null
  const [input, output] = [countOf(value['input_tokens']), countOf(value['output_tokens'])]
  if (input === null || output === null) return null
  return {
    input_tokens: input,
    output_tokens: output,
    cached_input_tokens: countOf(value['cached_input_tokens']) ?? 0,
    cache_write_input_tokens: countOf(value['cache_write_input_tokens']) ?? 0,
    reasoning_output_tokens: countOf(value['reasoning_output_tokens']) ?? 0,
  }
}

function zoneOf(value: unknown): string {
  const zone = textOf(value) ?? 'UTC'
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone }).format(0)
    return zone
  } catch {
    return 'UTC'
  }
}

function problemOf(value: unknown): RunReport['problem'] {
  if (!isRecord(value)) return null
  const code = startCodes.find((known) => known === value['code'])
  const { detail } = value
  return code === undefined ? null : { code, detail: typeof detail === 'string' ? detail.slice(0, maxDetail) : code }
}
