import { kinds, type ListWatchEvent } from '@agent-jobs/kube-api'
import type { V1Job, V1Pod } from '@kubernetes/client-node'
import type { PsOptions, PsOutput } from '../actions/ps.ts'
import type { OpenClient } from '../cluster/with-client.ts'
import { jsonLine } from '../output/safe-text.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'
import { rowOf, sortRuns, type PsRow } from './ps-row.ts'
import { runsTable } from './ps-table.ts'
import { joinRuns, managed, type RunSelection } from './read-runs.ts'

/** What watching takes. */
export interface WatchOptions {
  readonly cluster: OpenClient
  readonly selection: RunSelection
  readonly flags: PsOptions
  readonly output: PsOutput
  readonly terminal: Terminal
}

// A start changes Job and pod five times within a second; a person sees the last of them.
const pauseMs = 200
const clearScreen = '\u001b[H\u001b[2J\u001b[3J'

/** Shows the runs, and shows them again after changes, until a signal comes or nobody reads any more. */
export async function watchRuns({ cluster, selection, flags, output, terminal }: WatchOptions): Promise<void> {
  const stop = new AbortController()
  const stopListening = terminal.onSignal(() => stop.abort())
  const signal = AbortSignal.any([stop.signal, terminal.outClosed])
  const jobs = new Map<string, V1Job>()
  const pods = new Map<string, V1Pod>()
  const shown = new Map<string, string>()
  let synced = 0
  let timer: NodeJS.Timeout | undefined
  const labelSelector = selection.selector === undefined ? managed : `${managed},${selection.selector}`

  const show = (): void => {
    timer = undefined
    const rows = sortRuns(
      joinRuns([...jobs.values()], [...pods.values()], Date.now()).map(({ view }) => rowOf(view, null)),
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
  const follow = async <T extends V1Job | V1Pod>(
    events: AsyncIterable<ListWatchEvent<T>>,
    known: Map<string, T>,
  ): Promise<void> => {
    for await (const event of events) {
      if (event.type === 'synced') synced += 1
      else if (event.type === 'deleted') known.delete(event.object.metadata?.uid ?? '')
      else known.set(event.object.metadata?.uid ?? '', event.object)
      if (synced >= 2) timer ??= setTimeout(show, pauseMs)
    }
  }
  const where = { namespace: selection.namespace, signal }
  try {
    await Promise.all([
      follow(cluster.client.listWatch(kinds.Job, { ...where, labelSelector }), jobs),
      follow(cluster.client.listWatch(kinds.Pod, { ...where, labelSelector: managed }), pods),
    ])
  } finally {
    clearTimeout(timer)
    stop.abort()
    stopListening()
  }
}
