import { createReadStream } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { Argument, type Command } from 'commander'
import { agentNames, agentNamed } from './agents.ts'
import type { AgentSummary } from './agent-definition.ts'
import { CliError } from './cli-error.ts'
import { readInteger } from './options.ts'
import { outcomeRows } from './outcome-block.ts'
import { createStyle, plain, type Style } from './style.ts'
import type { Terminal } from './terminal.ts'

interface ParseOptions {
  exitCode?: number
  signal?: string
  stderr?: string
  json?: boolean
}

/** `agent-jobs parse`: what a recorded stream says of its run. */
export function addParseCommand(program: Command, terminal: Terminal): void {
  program
    .command('parse')
    .description('Read a recorded output of an agent and say what became of the run.')
    .addArgument(new Argument('<agent>', 'which agent wrote it').choices(agentNames))
    .argument('<file>', 'the recording, or - for standard input')
    .option('--exit-code <n>', 'how the process ended, when known', readInteger(0, 255))
    .option('--signal <name>', 'the signal that ended it, such as SIGTERM')
    .option('--stderr <file>', 'what it wrote to standard error')
    .option('--json', 'print one JSON object')
    .action(async (agent: string, file: string, options: ParseOptions) => {
      const reader = agentNamed(agent).createReader()
      const source = file === '-' ? terminal.stdin : createReadStream(file)
      try {
        for await (const chunk of source) reader.feed(chunk)
      } catch (cause) {
        throw unreadable(file, cause)
      }
      const stderr = options.stderr === undefined ? {} : { stderr: await readText(options.stderr) }
      const summary = reader.end({
        ...(options.exitCode === undefined ? {} : { exitCode: options.exitCode }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
        ...stderr,
      })
      const style = createStyle(terminal.colours.out)
      terminal.out(
        options.json ? `${JSON.stringify(chosen(summary), null, 2)}\n` : `${readable(summary, style).join('\n')}\n`,
      )
    })
}

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    throw unreadable(file, cause)
  }
}

function unreadable(file: string, cause: unknown): unknown {
  const isSystemError = cause instanceof Error && 'syscall' in cause
  return isSystemError ? new CliError('file_unreadable', `Cannot read ${file}: ${cause.message}`, { cause }) : cause
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
