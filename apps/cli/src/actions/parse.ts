import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { agentNamed } from '../agents/agents.ts'
import type { AgentSummary } from '../agents/agent-definition.ts'
import { CliError } from '../cli-error.ts'
import { fileReason } from '../input/file-reason.ts'
import { outcomeRows } from '../output/outcome-block.ts'
import { jsonLine, plain } from '../output/safe-text.ts'
import { createStyle, type Style } from '../output/style.ts'
import { readRecording } from '../input/read-recording.ts'
import type { Terminal } from '../output/terminal.ts'

/** The flags of `agent-jobs parse`. */
export interface ParseOptions {
  exitCode?: number
  signal?: string
  stderr?: string
  json?: boolean
}

/** Prints what a recorded stream says of its run. */
export async function parse(agent: string, file: string, options: ParseOptions, terminal: Terminal): Promise<void> {
  const reader = agentNamed(agent).createReader()
  const source = file === '-' ? terminal.stdin : createReadStream(file)
  const recorded = await readRecording(source, (chunk) => reader.feed(chunk)).catch((cause: unknown) => {
    throw unreadable(file === '-' ? 'standard input' : file, cause)
  })
  const stderr = options.stderr === undefined ? {} : { stderr: await readText(options.stderr) }
  const summary = reader.end({
    ...recorded,
    ...(options.exitCode === undefined ? {} : { exitCode: options.exitCode }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...stderr,
  })
  const style = createStyle(terminal.colours.out)
  terminal.out(options.json ? jsonLine(chosen(summary)) : `${readable(summary, style).join('\n')}\n`)
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
function chosen(summary: AgentSummary): AgentSummary {
  const { sessionId, model, result, usage, costUsd, numTurns, durationMs } = summary
  const { isError, errorCode, errorMessage, toolCalls, subagents, unknownEvents } = summary
  const verdict = { isError, errorCode, errorMessage, toolCalls, subagents, unknownEvents }
  return { sessionId, model, result, usage, costUsd, numTurns, durationMs, ...verdict }
}

function readable(summary: AgentSummary, style: Style): string[] {
  const { errorCode, errorMessage, toolCalls, subagents, unknownEvents, result } = summary
  const verdict = summary.isError
    ? style.red(`✘ ${errorCode ?? 'agent_failed'}${errorMessage === null ? '' : `: ${plain(errorMessage)}`}`)
    : style.green('✔ succeeded')
  const counts = `${toolCalls} tool calls · ${subagents} sub-agents · ${summary.numTurns ?? 0} turns`
  return [
    ...(result ? [plain(result).trimEnd(), ''] : []),
    verdict,
    ...outcomeRows(summary, style),
    `  ${style.dim('work'.padEnd(9))} ${counts}${unknownEvents > 0 ? ` · ${unknownEvents} unknown events` : ''}`,
  ]
}
