import { mkdirSync, readdirSync, readFileSync, renameSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Scenario } from '@agent-jobs/scripted-model'
import { expect, it } from 'vitest'
import { closeAtGate } from './lab-scenarios.ts'
import type { PaperclipSuite } from './suite.ts'
import { runAtWork } from './restart-tests.ts'

/** The scenarios of these tests. */
export const failingHostScenarios: Readonly<Record<string, Scenario>> = {
  'log-gate': closeAtGate('log-gate'),
  'database-gate': closeAtGate('database-gate'),
}

function findBelow(folder: string, name: string): string {
  const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((path) => path.endsWith(name))
  if (found === undefined) throw new Error(`No ${name} below ${folder}`)
  return join(folder, found)
}

/** A process and its descendants. */
function family(pid: number): number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean)
  return [pid, ...children.flatMap((child) => family(Number(child)))]
}

/** Paperclip itself fails while a run is active. */
export function failingHostTests(suite: PaperclipSuite): void {
  const begin = async (name: string, scenario: string) => {
    const { board } = suite.lab
    const agent = await suite.hire(name, scenario)
    const issue = await board.assign(agent, 'Go on whatever happens')
    const run = await runAtWork(suite, { board, agent, issue })
    return { board, agent, issue, run }
  }

  it('loses neither a line nor the result when the log of the run cannot be written for 3 s', async () => {
    const { board, agent, issue, run } = await begin('Lena', 'log-gate')
    const file = findBelow(join(suite.lab.place.folder, 'instances'), `${run}.ndjson`)
    // A folder in its place makes writes fail, even for root.
    renameSync(file, `${file}.aside`)
    mkdirSync(file)
    suite.lab.openGate('log-gate')
    await delay(3_000)
    rmdirSync(file)
    renameSync(`${file}.aside`, file)
    const ended = await board.finished(agent)
    const log = await board.log(ended.id)
    expect(ended, log).toMatchObject({ status: 'succeeded', resultJson: { agentJob: { outputComplete: true } } })
    expect(log).toContain('WORK {')
    await board.issueIn(issue, 'done')
  })

  it('completes its issue although the database hangs for 8 s', async () => {
    const { board, agent, issue } = await begin('Dana', 'database-gate')
    const database = findBelow(join(suite.lab.place.folder, 'instances'), 'postmaster.pid')
    const pids = family(Number(readFileSync(database, 'utf8').split('\n')[0]))
    for (const pid of pids) process.kill(pid, 'SIGSTOP')
    suite.lab.openGate('database-gate')
    await delay(8_000)
    for (const pid of pids) process.kill(pid, 'SIGCONT')
    const ended = await board.finished(agent)
    expect(ended, await board.log(ended.id)).toMatchObject({
      status: 'succeeded',
      resultJson: { agentJob: { outputComplete: true } },
    })
    await board.issueIn(issue, 'done')
  })
}
