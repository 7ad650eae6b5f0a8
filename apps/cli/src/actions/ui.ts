import { spawn } from 'node:child_process'
import { refuseAbsentNamespace } from '../cluster/absent-namespace.ts'
import type { ClusterOptions } from '../cluster/cluster-flags.ts'
import { withClient } from '../cluster/with-client.ts'
import { jsonLine } from '../output/safe-text.ts'
import { createStyle } from '../output/style.ts'
import type { Terminal } from '../output/terminal.ts'
import { startUi } from '../ui/start-ui.ts'
import { portTaken } from './port-taken.ts'

/** The flags of `agent-jobs ui`. */
export interface UiFlags extends ClusterOptions {
  allNamespaces?: boolean
  port: number
  by: string
  open?: boolean
  json?: boolean
}

/** Serves the page of runs until a signal comes. */
export async function ui(flags: UiFlags, terminal: Terminal): Promise<void> {
  await withClient(flags, terminal, async (cluster) => {
    const { client, namespace } = cluster
    if (!flags.allNamespaces) await refuseAbsentNamespace(cluster)
    const where = flags.allNamespaces ? undefined : namespace
    await using page = await startUi({ client, namespace: where, by: flags.by, port: flags.port }).catch(
      (cause: unknown) => {
        throw portTaken(cause, flags.port)
      },
    )
    const style = createStyle(terminal.colours.out)
    if (flags.json) terminal.out(jsonLine({ url: page.url }))
    else {
      terminal.out(
        `Runs of ${where === undefined ? 'all namespaces' : `the namespace ${where}`}, until Ctrl-C:\n\n  ${style.bold(page.url)}\n\n`,
      )
      terminal.out(
        style.dim(
          'The address lets one browser in, once. No one else on this machine or its network can use the page.\n',
        ),
      )
    }
    if (flags.open) openBrowser(page.url)
    await new Promise<void>((resolve) => {
      const stop = terminal.onSignal(() => {
        stop()
        resolve()
      })
    })
  })
}

/** Opens the address in the desktop's browser; where there is none, it can be copied. */
function openBrowser(url: string): void {
  const program = process.platform === 'darwin' ? 'open' : 'xdg-open'
  const child = spawn(program, [url], { stdio: 'ignore', detached: true })
  child.on('error', () => undefined)
  child.unref()
}
