import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { loadAgent } from '../agents/load-agent.ts'
import type { AgentSummary } from '@agent-jobs/agent-run'
import { CliError } from '../errors/cli-error.ts'
import { fileReason } from '../input/file-reason.ts'
import { outcomeRows } from '../output/outcome-block.ts'
import { jsonLine, plain } from '../output/safe-text.ts'
import { createStyle, type Style } from '../output/style.ts'
import { transcriptLines } from '../output/transcript-lines.ts'
import { readRecording } from '../input/read-recording.ts'
import type { Terminal } from '../output/terminal.ts'

/** The flags of `agent-jobs parse`. */
export interface ParseOptions {
  exitCode?: number
  signal?: string
  stderr?: string
  transcript?: boolean
  json?: boolean
}

/** Prints what a recorded stream says of its run and gives the exit code: 1 when the run failed. */
export async function parse(agent: string, file: string, options: ParseOptions, terminal: Terminal): Promise<number> {
  const definition = await loadAgent(agent)
  const { title, createParser } = definition
  const reader = createParser()
  const style = createStyle(terminal.colours.out)
  const transcript = options.transcript ? transcriptLines(definition, style) : null
  const show = (line: string): void => terminal.out(`${line}\n`)
  let isEmpty = true
  const source = file === '-' ? terminal.stdin : createReadStream(file)
  const recorded = await readRecording(source, (chunk) => {
    isEmpty = false
    reader.feed(chunk)
    transcript?.push(chunk).forEach(show)
  }).catch((cause: unknown) => {
    throw unreadable(file === '-' ? 'standard input' : file, cause)
  })
  transcript?.end().forEach(show)
  const stderr = options.stderr === undefined ? {} : { stderr: await readText(options.stderr) }
  const summary = reader.end({
    ...recorded,
    ...(options.exitCode === undefined ? {} : { exitCode: options.exitCode }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...stderr,
  })
  // An agent that did not start may have printed nothing.
  const toldEnd =
    isEmpty || options.exitCode !== undefined || options.signal !== undefined || options.stderr !== undefined
  if (!toldEnd && Object.keys(recorded).length === 0) refuseStrangeFile(summary, file, title)
  terminal.out(
    options.json ? jsonLine(chosen(summary)) : `${readable(summary, style, transcript === null).join('\n')}\n`,
  )
  return summary.isError ? 1 : 0
}

// What a parser reports for output in which it recognised nothing.
const unspecific = new Set(['agent_failed', 'start_failed', 'truncated', 'empty_response'])

/** A file without one event of the agent is not a failed run: it is the wrong file, or the wrong agent. */
function refuseStrangeFile(summary: AgentSummary, file: string, title: string): void {
  const { sessionId, model, result, toolCalls = 0, numTurns, errorCode, unknownEvents = 0 } = summary
  const recognised = sessionId !== null || model !== null || result !== null || toolCalls > 0 || (numTurns ?? 0) > 0
  if (recognised || (errorCode !== null && !unspecific.has(errorCode))) return
  const name = file === '-' ? 'Standard input' : file
  const other = unknownEvents > 0 ? ` Its ${unknownEvents} JSON lines are of other programs or agents.` : ''
  throw new CliError(
    'not_a_recording',
    `${name} holds no output of ${title}.${other} If the agent printed nothing, say how it ended with --exit-code N or --stderr FILE.`,
  )
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

function unreadable(file: string, cause: unknown): unknown {
  if (!(cause instanceof Error && 'code' in cause)) return cause
  const isBrokenGzip = /^(?:Z_|ERR_TRAILING_JUNK)/.test(String(cause.code))
  const reason = isBrokenGzip ? `its gzip is broken or cut (${String(cause.code)})` : fileReason(cause)
  return isBrokenGzip || 'syscall' in cause
    ? new CliError('file_unreadable', `Cannot read ${file}: ${reason}.`, { cause })
    : cause
}

/** Exactly the keys that `--json` promises. */
function chosen(summary: AgentSummary): Record<string, unknown> {
  const { sessionId, model, result, usage, costUsd, numTurns = null, durationMs = null } = summary
  const { isError, errorCode, errorMessage, toolCalls = 0, subagents = 0, unknownEvents = 0 } = summary
  const verdict = { isError, errorCode, errorMessage, toolCalls, subagents, unknownEvents }
  return { sessionId, model, result, usage, costUsd, numTurns, durationMs, ...verdict }
}

function readable(summary: AgentSummary, style: Style, withResult: boolean): string[] {
  const { errorCode, errorMessage, toolCalls = 0, subagents = 0, unknownEvents = 0, result } = summary
  const verdict = summary.isError
    ? style.red(`✘ ${errorCode ?? 'agent_failed'}${errorMessage === null ? '' : `: ${plain(errorMessage)}`}`)
    : style.green('✔ succeeded')
  const counts = `${toolCalls} tool calls · ${subagents} sub-agents · ${summary.numTurns ?? 0} turns`
  return [
    ...(withResult && result ? [plain(result).trimEnd(), ''] : []),
    verdict,
    ...outcomeRows({ ...summary, durationMs: summary.durationMs ?? null }, style),
    `  ${style.dim('work'.padEnd(9))} ${counts}${unknownEvents > 0 ? ` · ${unknownEvents} unknown events` : ''}`,
  ]
}
