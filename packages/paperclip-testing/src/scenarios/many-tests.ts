import { chmodSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { kinds } from '@agent-jobs/kube-api'
import type { Scenario } from '@agent-jobs/scripted-model'
import { expect, it } from 'vitest'
import { closeAtGate, commanded, workProgram } from './lab-scenarios.ts'
import { away } from '../server/paperclip-lab.ts'
import type { PaperclipSuite } from './suite.ts'
import { expectTakenBack, runAtWork } from './restart-tests.ts'

const spyProgram = '/paperclip/bin/spy.cjs'

/** Tries to read everything that is not its own, and prints what it got. */
const spySource = `const fs = require('node:fs'), path = require('node:path')
const { places, calls } = JSON.parse(fs.readFileSync('/paperclip/bin/spy.json', 'utf8'))
const { PAPERCLIP_API_URL: url, PAPERCLIP_API_KEY: key, PAPERCLIP_RUN_ID: run } = process.env
const found = []
for (const place of places) { try { fs.readdirSync(place); found.push(place) } catch {} }
const seen = []
const walk = (folder) => { for (const each of fs.readdirSync(folder, { withFileTypes: true })) {
  const file = path.join(folder, each.name); seen.push(file)
  if (each.isDirectory()) try { walk(file) } catch {} } }
walk('/paperclip/instances')
async function main() {
  const headers = { authorization: 'Bearer ' + key, 'x-paperclip-run-id': run }
  const answers = []
  for (const call of calls) answers.push((await fetch(url + call, { headers })).status)
  console.log('SPY', JSON.stringify({ found, foreign: seen.filter((file) => places.some((place) => file.startsWith(place))), answers }))
}
main()
`

/** The scenarios of these tests. */
export const manyScenarios: Readonly<Record<string, Scenario>> = {
  // The model's answer contains its request: each output shows whose prompt it belongs to.
  many: (request) =>
    request.side || request.step === 0
      ? commanded(request, `node ${workProgram}`)
      : { kind: 'message', blocks: [{ type: 'text', text: `Done with ${markersOf(request.prompt).join(' ')}` }] },
  'many-gate': closeAtGate('many-gate'),
  spy: (request) =>
    request.side || request.step !== 0
      ? commanded(request, `node ${workProgram}`)
      : commanded(request, `node ${spyProgram}`),
}

const markersOf = (text: string) => [...new Set(text.match(/marker-\d+-of-\d+/g) ?? [])]

/** Many agents at once, in two companies isolated from each other. */
export function manyTests(suite: PaperclipSuite): void {
  const count = suite.long ? 20 : 4

  it(`completes ${count} issues at once, each with only its own output`, async () => {
    const boards = [suite.lab.board, await suite.lab.found()]
    const numbers = Array.from({ length: count }, (_, index) => index + 1)
    const began = Date.now()
    const done = await Promise.all(
      numbers.map(async (number) => {
        const board = boards[number % 2] ?? suite.lab.board
        const marker = `marker-${number}-of-${count}`
        const agent = await suite.hire(`Mae ${number}`, 'many', {}, board)
        const issue = await board.assign(agent, `Do ${marker}`, `Please, ${marker}.`)
        const run = await board.finished(agent, [], 600_000)
        return { marker, board, issue, run, log: await board.log(run.id) }
      }),
    )
    console.log(`${count} agents at once took ${((Date.now() - began) / 1000).toFixed(0)} s`)
    for (const { marker, board, issue, run, log } of done) {
      expect(run, log).toMatchObject({ status: 'succeeded', resultJson: { agentJob: { outputComplete: true } } })
      expect(markersOf(log), log).toEqual([marker])
      expect(await board.issue(issue)).toMatchObject({ status: 'done' })
    }
    expect(new Set(done.map(({ run }) => run.sessionIdAfter)).size).toBe(count)
    const pods = done.map(({ run }) => (run.resultJson?.['agentJob'] as { pod: string } | undefined)?.pod)
    expect(new Set(pods).size).toBe(count)
  })

  it("shows an agent nothing of another company's files, sessions and issues, and nothing of the server's", async () => {
    const { board, found, place } = suite.lab
    const victim = await suite.hire('Vic', 'close-issue')
    const issue = await board.assign(victim, 'Keep this')
    const theirs = await board.finished(victim)
    const instance = '/paperclip/instances/default'
    const places = [
      `${instance}/companies/${board.company}`,
      `${instance}/projects/${board.company}`,
      `${instance}/workspaces/${victim}`,
      `${instance}/data/agent-jobs/${board.company}`,
      `${instance}/data/run-logs`,
      `${instance}/db`,
      `${instance}/secrets`,
      '/paperclip/adapter-plugins',
      '/var/run/secrets/kubernetes.io',
    ]
    const calls = [`/api/issues/${issue}`, `/api/heartbeat-runs/${theirs.id}`, `/api/companies/${board.company}/agents`]
    writeFileSync(join(place.folder, 'bin', 'spy.json'), JSON.stringify({ places, calls }))
    writeFileSync(join(place.folder, 'bin', 'spy.cjs'), spySource)
    for (const name of ['spy.json', 'spy.cjs']) chmodSync(join(place.folder, 'bin', name), 0o644)
    const other = await found()
    const spy = await suite.hire('Spy', 'spy', {}, other)
    await other.assign(spy, 'Look around')
    const run = await other.finished(spy)
    const log = await other.log(run.id)
    // In a readable log the line ends there; in JSON it ends with an escaped newline or the text's end.
    const said = /SPY (\{.*?\})(?=\\n|"|$)/m.exec(log.replaceAll('\\"', '"'))?.[1] ?? ''
    expect(JSON.parse(said || 'null'), log).toEqual({ found: [], foreign: [], answers: [404, 404, 403] })
  })
  if (!suite.long) return
  it(`reattaches to ${count} Jobs at once when the server dies during all of them`, async () => {
    const { lab } = suite
    const boards = [lab.board, await lab.found()]
    const tasks = await Promise.all(
      Array.from({ length: count }, async (_, index) => {
        const board = boards[index % 2] ?? lab.board
        const agent = await suite.hire(`Moe ${index}`, 'many-gate', {}, board)
        const task = { board, agent, issue: await board.assign(agent, `Survive as number ${index}`) }
        return { ...task, lost: await runAtWork(suite, task) }
      }),
    )
    const { client, namespace } = lab.place
    const { items } = await client.list(kinds.Pod, { namespace, labelSelector: 'paperclip.io/agent-id' })
    expect(items.filter(({ status }) => status?.phase === 'Running')).toHaveLength(count)
    const began = Date.now()
    await lab.restart('SIGKILL', async () => {
      lab.openGate('many-gate')
      await away(10_000)()
    })
    await Promise.all(tasks.map((task) => expectTakenBack(suite, task)))
    console.log(`${count} Jobs were taken back and done ${((Date.now() - began) / 1000).toFixed(0)} s after the kill`)
  })
}
