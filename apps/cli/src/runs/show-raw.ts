import { describeOutcome, RunError, type RunHandle } from '@agent-jobs/k8s-job-runner'
import type { OpenCluster } from '../cluster/with-cluster.ts'
import { inOwnWords } from '../errors/own-words.ts'
import { plain } from '../output/safe-text.ts'
import type { Redact } from '../output/redacted-terminal.ts'
import type { Terminal } from '../output/terminal.ts'
import { rememberSignal } from '../run/exit-code.ts'
import { isShown, type LineSelection } from './line-window.ts'
import { observeRun } from './observe-run.ts'
import type { RunView } from './run-view.ts'

/** What showing raw lines takes. */
export interface RawOptions {
  readonly cluster: OpenCluster
  readonly view: RunView
  readonly lines: LineSelection
  /** Hides credentials; the identity for `logs --raw`. */
  readonly redact: Redact
  readonly terminal: Terminal
}

/** Shows the agent's own lines, stdout on stdout and stderr on stderr, and gives the exit code. */
export async function showRaw({ cluster, view, lines, redact, terminal }: RawOptions): Promise<number> {
  const leave = new AbortController()
  const signals = rememberSignal(terminal.onSignal)
  let run: RunHandle | undefined
  let leaving: Promise<void> | undefined
  let isCaughtUp = false
  const goAway = (): void => {
    leave.abort()
    leaving ??= run?.detach()
  }
  const stopListening = signals.onSignal(goAway)
  terminal.outClosed.addEventListener('abort', goAway)
  try {
    run = await observeRun(cluster.runner, { job: view.job }, leave.signal)
    for await (const event of run.events) {
      if (event.type === 'gap') {
        terminal.err(`! output is missing: ${event.unit} ${event.from} to ${event.to} (${event.reason})\n`)
      }
      if (event.type !== 'line') continue
      if (isShown(event, lines)) print({ ...event, text: redact(event.text) }, lines, terminal)
      if (lines.until !== undefined && event.seq >= lines.until) {
        isCaughtUp = true
        goAway()
        break
      }
    }
    const { code, message } = describeOutcome(await run.outcome)
    terminal.err(`${code}: ${plain(inOwnWords(code, message))}\n`)
    return code === 'succeeded' ? 0 : 1
  } catch (error) {
    if (!leave.signal.aborted && !(RunError.isInstance(error) && error.code === 'detached')) throw error
    // A closed pipe, as with `| head`, ends the command.
    if (terminal.outClosed.aborted || isCaughtUp) return 0
    terminal.err('The run was left alone; it goes on.\n')
    return signals.exitCode() ?? 1
  } finally {
    stopListening()
    terminal.outClosed.removeEventListener('abort', goAway)
    await leaving
  }
}

type LineEvent = Parameters<typeof isShown>[0]

function print(
  { stream: name, text, time, part, unterminated }: LineEvent,
  lines: LineSelection,
  terminal: Terminal,
): void {
  const stream = name === 'stderr' ? 'err' : 'out'
  const newline = unterminated || (part && !part.last) ? '' : '\n'
  const stamp = lines.timestamps ? `${new Date(time).toISOString()} ` : ''
  // Unchanged only where no terminal shows it.
  if (terminal.isTTY[stream]) terminal[stream](`${stamp}${plain(text)}${newline}`)
  else terminal.raw[stream](`${stamp}${text}${newline}`)
}
