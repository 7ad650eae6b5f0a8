import { renameSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import type { PaperclipSuite } from './suite.ts'

/**
 * Agents whose adapter cannot be loaded run on Paperclip's `process` adapter, which executes their setting `command` on the
 * host. No setting of ours is one.
 */
export function noPackageTests(suite: PaperclipSuite): void {
  const { type } = suite.agent.definition

  it('runs nothing on the host when its package is gone', async () => {
    const { board, place } = suite.lab
    const { fields } = await board.must<{ fields: { key: string; default?: unknown }[] }>(
      'GET',
      `/api/adapters/${type}/config-schema`,
    )
    expect(fields.map(({ key }) => key)).not.toEqual(expect.arrayContaining(['command']))
    const filled = Object.fromEntries(
      fields.flatMap(({ key, default: value }) => (value === undefined ? [] : [[key, value]])),
    )
    const agent = await suite.hire('Uma', 'close-issue', { ...filled, ...suite.lab.settings, agentCommand: 'touch' })
    const installed = join(place.folder, 'adapter-plugins', 'node_modules', '@agent-jobs')
    await suite.lab.restart('SIGTERM', async () => renameSync(installed, `${installed}-away`))
    await board.assign(agent, 'Run nothing')
    const run = await board.finished(agent)
    expect(run).toMatchObject({ status: 'failed', error: 'Process adapter missing command' })
  })
}
