import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { systemDependencies } from '../create-adapter.ts'
import { writeTokens } from '../paperclip-api/run-tokens.ts'
import { holdCalls } from './hold-calls.ts'
import { createLiveRecords, type LiveRecord } from './live-records.ts'

describe('the calls of agents whose server came back', () => {
  const warnings: string[] = []
  const deps = systemDependencies({ env: {}, onWarning: (message) => warnings.push(message) })
  const folder = mkdtempSync(join(tmpdir(), 'kit-hold-'))
  const records = createLiveRecords(join(folder, 'live'))
  const fileOf = (job: string) => ({ top: folder, path: `${job}.json` })
  const seen = (job: string) => (JSON.parse(readFileSync(join(folder, `${job}.json`), 'utf8')) as unknown[]).length

  async function leave(job: string, more: Partial<LiveRecord> = {}): Promise<void> {
    await writeTokens(fileOf(job), [{ token: `t-${job}`, runId: 'r' }])
    const record = { version: 1 as const, job, namespace: 'n', secret: 's', kubeconfig: null }
    await records.put({ ...record, agentId: 'a', issueId: 'i', runId: 'r', tokenFile: fileOf(job), ...more })
  }

  it('wait until their Jobs are adopted or given up, and those of a reported Job wait for nothing', async () => {
    await leave('one')
    await leave('two')
    await leave('over', { reported: true })
    const held = await holdCalls(deps, records)
    expect(['one', 'two', 'over'].map(seen)).toEqual([0, 0, 1])
    await held.release(new Set(['two']))
    expect(['one', 'two'].map(seen)).toEqual([1, 0])
    await held.release()
    expect(seen('two')).toBe(1)
    expect(warnings).toEqual([])
  })

  it('do not fail when the file cannot be written; the server warns', async () => {
    await leave('broken', { tokenFile: { top: folder, path: 'live' } })
    await holdCalls(deps, records)
    expect(warnings).toEqual([expect.stringContaining('Job broken')])
  })
})
