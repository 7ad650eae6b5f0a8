import type { PsOptions, PsOutput } from '../actions/ps.ts'
import type { OpenClient } from '../cluster/with-client.ts'
import { jsonLine } from '../output/safe-text.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'
import { rowOf, sortRuns, type PsRow } from './ps-row.ts'
import { runsTable } from './ps-table.ts'
import { followRuns } from './follow-runs.ts'
import type { FoundRun, RunSelection } from './read-runs.ts'

/** What watching takes. */
export interface WatchOptions {
  readonly cluster: OpenClient
  readonly selection: RunSelection
  readonly flags: PsOptions
  readonly output: PsOutput
  readonly terminal: Terminal
}

const clearScreen = '\u001b[H\u001b[2J\u001b[3J'

/** Shows the runs, again after each change, until a signal arrives or the reader of the output is gone. */
export async function watchRuns({ cluster, selection, flags, output, terminal }: WatchOptions): Promise<void> {
  const stop = new AbortController()
  const stopListening = terminal.onSignal(() => stop.abort())
  const signal = AbortSignal.any([stop.signal, terminal.outClosed])
  const shown = new Map<string, string>()
  const show = (runs: readonly FoundRun[]): void => {
    const rows = sortRuns(
      runs.map(({ view }) => rowOf(view, null)),
      flags.sortBy,
    )
    if (output === 'json' || !terminal.isTTY.out) showChanges(rows)
    else showScreen(rows)
  }
  const showScreen = (rows: readonly PsRow[]): void => {
    const style = createStyle(terminal.colours.out)
    const options = { wide: output === 'wide', namespaces: flags.allNamespaces ?? false, headers: true, style }
    const lines = runsTable(rows, { ...options, width: terminal.columns(), now: Date.now() })
    terminal.raw.out(clearScreen)
    terminal.out(`${lines.join('\n')}\n\n${style.dim('Updated after each change; Ctrl-C ends it.')}\n`)
  }
  /** Into a pipe, a line for each run that has changed. */
  const showChanges = (rows: readonly PsRow[]): void => {
    for (const row of rows) {
      const { durationMs: _, ...lasting } = row
      const now = JSON.stringify(lasting)
      if (shown.get(row.job) === now) continue
      shown.set(row.job, now)
      const line = [row.job, row.state, row.reason ?? '-'].join('  ')
      terminal.out(output === 'json' ? jsonLine(row) : `${line}\n`)
    }
  }
  try {
    await followRuns(cluster.client, { ...selection, signal }, show)
  } finally {
    stop.abort()
    stopListening()
  }
}
