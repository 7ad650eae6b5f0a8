import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Scenario } from '@agent-jobs/scripted-model'
import { expect, it } from 'vitest'
import { closeAtGate } from './lab-scenarios.ts'
import { packUpgrade } from '../server/pack-adapter.ts'
import type { PaperclipSuite } from './suite.ts'
import { runAtWork } from './restart-tests.ts'

const reloadGate = 'gate-reload'

/** The scenarios of these tests. */
export const installScenarios: Readonly<Record<string, Scenario>> = { [reloadGate]: closeAtGate(reloadGate) }

interface Field {
  key: string
  label: string
}

/** An adapter looks like a built-in type, and a new version of it takes effect. */
export function installTests(suite: PaperclipSuite): void {
  const { type } = suite.agent.definition
  const form = () => suite.lab.board.must<{ fields: Field[] }>('GET', `/api/adapters/${type}/config-schema`)

  it('is installed from its tarball by one call, and offers what a built-in type offers', async () => {
    const { board, settings } = suite.lab
    expect(await board.must('GET', `/api/adapters/${type}`)).toMatchObject({
      source: 'external',
      loaded: true,
      capabilities: {
        supportsInstructionsBundle: true,
        supportsSkills: true,
        supportsLocalAgentJwt: true,
        requiresMaterializedRuntimeSkills: true,
      },
    })
    expect((await form()).fields.length).toBeGreaterThan(30)
    const models = await board.must<unknown[]>('GET', `/api/companies/${board.company}/adapters/${type}/models`)
    expect(models).toEqual(expect.any(Array))
    const tested = await board.must<{ status: string; checks: { level: string; code: string }[] }>(
      'POST',
      `/api/companies/${board.company}/adapters/${type}/test-environment`,
      { adapterConfig: settings },
    )
    expect(tested.checks.filter(({ level }) => level === 'error')).toEqual([])
    expect(tested.checks.map(({ code }) => code)).toContain('k8s_api_reachable')
  })

  it('gives a new agent its instructions and its skills', async () => {
    const { board } = suite.lab
    const agent = await suite.hire('Iris', 'close-issue')
    expect(await board.must('GET', `/api/agents/${agent}/skills`)).toMatchObject({
      adapterType: type,
      supported: true,
      mode: 'ephemeral',
    })
    expect(await board.must('GET', `/api/agents/${agent}/instructions-bundle`)).toMatchObject({
      mode: 'managed',
      entryFile: 'AGENTS.md',
    })
  })

  it('has its new code after an upgrade and a reload', async () => {
    const { board } = suite.lab
    const { key, label } = (await form()).fields[0] ?? { key: '', label: '' }
    const renamed = `${label} (new)`
    const version = '0.0.1'
    const tarball = await packUpgrade(suite.tarball, { version, from: `title:"${label}"`, to: `title:"${renamed}"` })
    await board.installAdapter(type, tarball)
    expect(await board.must('POST', `/api/adapters/${type}/reload`, {})).toMatchObject({ version, reloaded: true })
    expect((await form()).fields.find((field) => field.key === key)?.label).toBe(renamed)
    rmSync(dirname(tarball), { recursive: true })
    // Back to what this checkout holds.
    await board.installAdapter(type, suite.tarball)
    await board.must('POST', `/api/adapters/${type}/reload`, {})
    expect((await form()).fields.find((field) => field.key === key)?.label).toBe(label)
  })
  it('is reloaded in the middle of a run, which continues unaffected', async () => {
    const { board, openGate } = suite.lab
    const agent = await suite.hire('Rae', reloadGate)
    const issue = await board.assign(agent, 'Survive a reload')
    const id = await runAtWork(suite, { board, agent, issue })
    await board.must('POST', `/api/adapters/${type}/reload`, {})
    openGate(reloadGate)
    const run = await board.finished(agent)
    expect(run, await board.log(run.id)).toMatchObject({
      id,
      status: 'succeeded',
      resultJson: { agentJob: { adoptedFromRun: null, outputComplete: true } },
    })
    await board.issueIn(issue, 'done')
    expect(await board.runs(agent)).toHaveLength(1)
  })
}
