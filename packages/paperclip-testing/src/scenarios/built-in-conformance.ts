import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { openUiWindow } from '../browser/ui-window.ts'
import type { ConformanceAgent } from '../conformance-agent.ts'
import { labRules } from '../lab-policy.ts'
import { openModelDoor, type ModelDoor } from '../server/model-door.ts'
import { packAdapter } from '../server/pack-adapter.ts'
import { connectModel, withDatabase } from '../server/paperclip-database.ts'
import { paperclipBarrier } from '../server/paperclip-install.ts'
import { bridge, openPaperclipLab, type PaperclipLab } from '../server/paperclip-lab.ts'
import { closeIssue } from './lab-scenarios.ts'

/** Declares the tests of an adapter that the operator has put in place of Paperclip's built-in type. */
export function builtInConformance(
  agent: ConformanceAgent,
  { root, provider, host }: { root: string; provider: string; host: string },
): void {
  const { type, conversationType } = agent.definition
  describe.skipIf(paperclipBarrier !== null)(
    `${type} in place of the built-in type (needs KUBECONFIG, and root on Linux)`,
    () => {
      let lab: PaperclipLab
      let door: ModelDoor
      let tarball = ''
      beforeAll(async () => {
        lab = await openPaperclipLab({
          namespace: `in-place-${type.replaceAll('_', '-')}`,
          serverEnv: agent.serverEnv,
          image: agent.image,
          scenarios: { 'in-place': closeIssue },
          policy: { ...labRules, replaceBuiltIn: true },
        })
        door = await openModelDoor({ name: host, address: bridge, target: lab.scenarioUrl('in-place') })
        mkdirSync(join(lab.place.folder, 'bin', 'model'), { recursive: true })
        writeFileSync(join(lab.place.folder, 'bin', 'model', 'ca.pem'), door.ca)
        tarball = await packAdapter(root)
        await lab.board.installAdapter(type, tarball)
      })
      afterAll(async () => {
        await lab?.close()
        await door?.close()
        if (tarball !== '') rmSync(dirname(tarball), { recursive: true })
      })

      it("runs the built-in type's agents in pods, shown by Paperclip's own pages as they are", async () => {
        const { board } = lab
        const own = agent.config(lab.scenarioUrl('in-place'), '/paperclip/bin/bash')
        const hired = await board.hire('Ina', conversationType, { ...own, ...lab.settings })
        const issue = await board.assign(hired, 'Close me in a pod')
        const run = await board.finished(hired)
        const log = await board.log(run.id)
        expect(run, log).toMatchObject({ status: 'succeeded', resultJson: { agentJob: { outcome: 'succeeded' } } })
        await board.issueIn(issue, 'done')
        // The built-in parser reads the agent's events.
        expect(log).toContain(agent.firstLine)
        const window = await openUiWindow(lab, { mended: false })
        try {
          const page = await window.open(board, `/agents/${hired}/runs/${run.id}`, (shown) =>
            shown.getByText('That is done.').first().waitFor({ timeout: 20_000 }),
          )
          expect(await page.innerText('body')).not.toContain(agent.firstLine)
        } finally {
          await window.close()
        }
      })

      it("lets an agent use the company's AI connection, whose key the pod gets and the log never shows", async () => {
        const { board, place } = lab
        const key = 'sk-ant-of-the-ai-connection-0123456789'
        const hired = await board.hire('Ian', conversationType, {
          ...lab.settings,
          model: 'claude-opus-5',
          hostAliases: [{ ip: bridge, hostnames: [host] }],
          env: { SHELL: '/paperclip/bin/bash', NODE_EXTRA_CA_CERTS: '/paperclip/bin/model/ca.pem' },
        })
        const { id: secret } = await board.must<{ id: string }>('POST', `/api/companies/${board.company}/secrets`, {
          name: `ai-${hired}`,
          value: key,
        })
        await withDatabase({ volume: place.folder, instance: place.namespace }, (sql) =>
          connectModel(sql, { company: board.company, agent: hired, secret, provider }),
        )
        const issue = await board.assign(hired, 'Use the connection')
        const run = await board.finished(hired)
        const log = await board.log(run.id)
        expect(run, log).toMatchObject({ status: 'succeeded' })
        await board.issueIn(issue, 'done')
        expect(new Set(door.keys)).toEqual(new Set([key]))
        expect(log).not.toContain(key)
      })
    },
  )
}
