import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { refuseAbsentNamespace } from '../cluster/absent-namespace.ts'
import { withClient, type OpenClient } from '../cluster/with-client.ts'
import { jsonLine } from '../output/safe-text.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'
import { rowOf, sortRuns, type PsRow, type SortKey } from '../runs/ps-row.ts'
import { runsTable } from '../runs/ps-table.ts'
import { readRuns, type RunSelection } from '../runs/read-runs.ts'
import { explainNoPod } from '../runs/no-pod-reason.ts'

/** How `ps` prints the runs. */
export type PsOutput = 'table' | 'wide' | 'json' | 'yaml' | 'name'

/** The flags of `agent-jobs ps`. */
export interface PsOptions extends ClusterOptions {
  allNamespaces?: boolean
  selector?: string
  watch?: boolean
  output?: Exclude<PsOutput, 'table'>
  sortBy?: SortKey
  json?: boolean
  noHeaders?: boolean
}

/** Lists runs, newest first; with `--watch`, again after each change until a signal comes. */
export async function ps(flags: PsOptions, terminal: Terminal): Promise<void> {
  const output = flags.json ? 'json' : (flags.output ?? 'table')
  await withClient(flags, terminal, async (cluster) => {
    const selection = { namespace: flags.allNamespaces ? undefined : cluster.namespace, selector: flags.selector }
    if (flags.watch) {
      const { watchRuns } = await import('../runs/watch-runs.ts')
      return watchRuns({ cluster, selection, flags, output, terminal })
    }
    const rows = await readRows(cluster, selection, output === 'wide' || output === 'json' || output === 'yaml')
    if (rows.length === 0 && !flags.allNamespaces) await refuseAbsentNamespace(cluster)
    await printRows(sortRuns(rows, flags.sortBy), { flags, output, terminal, where: selection })
  })
}

async function readRows({ client }: OpenClient, selection: RunSelection, withUsage: boolean): Promise<PsRow[]> {
  const runs = await readRuns(client, selection)
  const views = await explainNoPod(
    client,
    selection.namespace,
    runs.map(({ view }) => view),
  )
  if (!withUsage) return views.map((view) => rowOf(view, null))
  const { peekAll } = await import('../runs/peek-all.ts')
  const summaries = await peekAll(client, views)
  return views.map((view, at) => rowOf(view, summaries[at] ?? null))
}

/** What printing takes. */
interface PrintOptions {
  readonly flags: PsOptions
  readonly output: PsOutput
  readonly terminal: Terminal
  readonly where: RunSelection
}

async function printRows(rows: readonly PsRow[], { flags, output, terminal, where }: PrintOptions): Promise<void> {
  if (output === 'json') return rows.forEach((row) => terminal.out(jsonLine(row)))
  if (output === 'name') return rows.forEach((row) => terminal.out(`job/${row.job}\n`))
  if (output === 'yaml') {
    const { stringify } = await import('../output/yaml.ts')
    return rows.forEach((row) => terminal.out(`---\n${stringify(row)}`))
  }
  if (rows.length === 0) {
    const such = where.selector === undefined ? '' : ` with the labels ${where.selector}`
    const place = where.namespace === undefined ? 'any namespace' : `namespace ${where.namespace}`
    return terminal.err(`No runs${such} in ${place}.\n`)
  }
  const lines = runsTable(rows, {
    wide: output === 'wide',
    namespaces: flags.allNamespaces ?? false,
    headers: !flags.noHeaders,
    // What does not fit goes on in the next line with `-o wide`, as with kubectl.
    width: output === 'wide' ? undefined : terminal.columns(),
    style: createStyle(terminal.colours.out),
    now: Date.now(),
  })
  for (const line of lines) terminal.out(`${line}\n`)
}
