import { appendFileSync, mkdirSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { ConformanceAgent } from '../conformance-agent.ts'
import { packAdapter } from '../server/pack-adapter.ts'
import { openPaperclipLab, type PaperclipLab } from '../server/paperclip-lab.ts'
import { observe } from './observe.ts'
import { besideScenarios, type Stage } from './scenarios.ts'
import { besideTable, type Pair } from './table.ts'

/** Where the table goes, besides the console. */
const report = process.env['AGENT_JOBS_BESIDE_REPORT']

/**
 * Plays each story twice in one real Paperclip, with the built-in adapter on the server's host and with ours on the cluster,
 * and prints what differs. Fails where the built-in adapter gets an issue done and ours does not.
 */
export function besideBuiltIn(agent: ConformanceAgent, { root }: { root: string }): void {
  const { type, conversationType } = agent.definition
  describe(`${type} beside ${conversationType}`, () => {
    let lab: PaperclipLab
    let tarball = ''
    const pairs: Pair[] = []
    const modelOf = (index: number): string => `beside-${index}`

    beforeAll(async () => {
      lab = await openPaperclipLab({
        namespace: `beside-${type.replaceAll('_', '-')}`,
        serverEnv: agent.serverEnv,
        image: agent.image,
        scenarios: Object.fromEntries(besideScenarios.map(({ model }, index) => [modelOf(index), model])),
      })
      tarball = await packAdapter(root)
      await lab.board.installAdapter(type, tarball)
    })
    afterAll(async () => {
      const table = besideTable(pairs)
      console.log(table)
      if (report !== undefined) {
        mkdirSync(dirname(report), { recursive: true })
        appendFileSync(report, `## ${type} beside ${conversationType}\n\n${table}\n`)
      }
      await lab.close()
      rmSync(dirname(tarball), { recursive: true, force: true })
    })

    function stages(index: number): { builtIn: Stage; ours: Stage } {
      const { board } = lab
      const url = lab.scenarioUrl(modelOf(index))
      const own = agent.config(url, '/paperclip/bin/bash')
      const local = agent.config(url, null)
      // The built-in adapter runs on the server's host, which has neither the pod's variables nor a login.
      const env = { ...agent.serverEnv, ...(local['env'] as object), CLAUDE_CONFIG_DIR: '/paperclip/beside/claude' }
      return {
        builtIn: {
          board,
          hire: (name, settings = {}) =>
            board.hire(`${name} built-in`, conversationType, {
              ...local,
              engine: 'cli',
              command: agent.program,
              ...settings,
              env,
            }),
        },
        ours: {
          board,
          hire: (name, settings = {}) => board.hire(`${name} ours`, type, { ...own, ...lab.settings, ...settings }),
        },
      }
    }

    it.each(besideScenarios.map((scenario, index) => [scenario.name, scenario, index] as const))(
      'does no worse with %s',
      async (name, scenario, index) => {
        const { builtIn, ours } = stages(index)
        // One after the other: they share two cores.
        const theirs = await observe(lab.board, await scenario.play(builtIn))
        const own = await observe(lab.board, await scenario.play(ours))
        pairs.push({ scenario: name, builtIn: theirs, ours: own })
        const least = theirs['issue'] === 'done' ? 'done' : own['issue']
        expect(own['issue'], JSON.stringify({ theirs, own })).toBe(least)
      },
    )
  })
}
