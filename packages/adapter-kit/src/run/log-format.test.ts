import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClusterPool } from '../cluster/cluster-pool.ts'
import { createAdapter, systemDependencies } from '../create-adapter.ts'
import { freshState } from '../restart/process-state.ts'
import { paperclipContext } from '../../test/paperclip-context.ts'
import { scriptAgent } from '../../test/script-agent.ts'
import { startScriptCluster, type ScriptCluster } from '../../test/script-cluster.ts'

const definition = {
  ...scriptAgent(`console.log(JSON.stringify({ says: 'Hello' }))`),
  transcript: (line: string) => [{ kind: 'assistant', text: (JSON.parse(line) as { says: string }).says }],
}

describe('the log of a run', () => {
  let cluster: ScriptCluster
  beforeAll(async () => {
    cluster = await startScriptCluster()
  })
  afterAll(() => cluster.close())

  const shown = async (config: Record<string, unknown>, paperclipVersion: string | null, policy: object = {}) => {
    const env = { ...cluster.env, AGENT_JOBS_POLICY: JSON.stringify(policy) }
    const deps = systemDependencies({
      env,
      clusters: createClusterPool({ env }),
      state: freshState(),
      paperclipVersion,
    })
    const { ctx, told } = paperclipContext({
      runId: randomUUID(),
      agentId: randomUUID(),
      config: cluster.config(config),
    })
    await createAdapter(definition, deps).execute(ctx)
    const log = told.log.map(({ chunk }) => chunk).join('')
    return log.includes('▸ Hello\n') ? 'text' : log.includes('{"says":"Hello"}\n') ? 'events' : log
  }

  it.each([
    ['text where the UI shows it as it is', {}, '2026.916.1', {}, 'text'],
    ['events where the UI has a parser for it', {}, '2026.917.0', {}, 'events'],
    ['events where Paperclip is not known', {}, null, {}, 'events'],
    [
      'events for the parser of the built-in type that it replaces',
      {},
      '2026.916.1',
      { replaceBuiltIn: true },
      'events',
    ],
    ['text where logFormat says so', { logFormat: 'text' }, null, {}, 'text'],
    ['events where logFormat says so', { logFormat: 'events' }, '2026.916.1', {}, 'events'],
  ] as const)('is %s', async (_what, config, version, policy, expected) => {
    expect(await shown(config, version, policy)).toBe(expected)
  })
})
