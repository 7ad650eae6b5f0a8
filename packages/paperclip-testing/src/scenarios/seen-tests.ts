import type { Scenario } from '@agent-jobs/scripted-model'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../eventually.ts'
import { commandBlock, commanded, workProgram } from './lab-scenarios.ts'
import type { PaperclipSuite } from './suite.ts'
import { openUiWindow, type UiWindow } from '../browser/ui-window.ts'

const opening = 'I look at what is there first.'
const closing = 'The changelog names **three** changes.'

/** The scenarios of these tests. */
export const seenScenarios: Readonly<Record<string, Scenario>> = {
  tidy: (request) => {
    if (request.side) return commanded(request, 'true')
    if (request.step === 1) return { kind: 'message', blocks: [commandBlock(request, `node ${workProgram}`)] }
    if (request.step > 1) {
      return { kind: 'message', blocks: [{ type: 'text', text: `## Done\n\n- ${closing}\n- The issue is closed.\n` }] }
    }
    return {
      kind: 'message',
      blocks: [
        { type: 'thinking', text: 'The changelog is short; I look at it before I close the issue.' },
        { type: 'text', text: opening },
        commandBlock(request, 'ls -la && node --version'),
      ],
    }
  },
}

const seen = (page: Page, text: string | RegExp) => page.getByText(text).first().waitFor({ timeout: 20_000 })

/** What users see of an adapter in Paperclip's own pages. */
export function seenTests(suite: PaperclipSuite): void {
  // Paperclip derives the name from the type: Claude K8s.
  const displayed = suite.agent.definition.type.replace(
    /^(.)(.*)_k8s$/,
    (_all, first: string, rest: string) => `${first.toUpperCase()}${rest} K8s`,
  )
  describe('is seen in the browser:', () => {
    let window: UiWindow | undefined
    beforeAll(async () => {
      window = await openUiWindow(suite.lab)
    })
    afterAll(() => window?.close())
    const ui = (): UiWindow => {
      if (window === undefined) throw new Error('The browser did not start.')
      return window
    }

    it('the creation of an agent, with the results of its environment test', async () => {
      const page = await ui().open(suite.lab.board, '/agents/new', async (shown) => {
        await shown.getByRole('textbox').first().fill('Ada')
        for (const text of ['Choose adapter', displayed, 'Configure agent', 'Run test', 'Test details']) {
          await shown.getByText(text).first().click({ timeout: 30_000 })
        }
      })
      // Outside the cluster, nothing can be tested before a kubeconfig is pasted.
      const found = suite.lab.kubeconfig === null ? 'Every permission that runs need is granted' : 'kubeconfig'
      await seen(page, found)
      expect(await page.innerText('body')).toContain(found)
      await ui().picture('new-agent')
    })

    it('the form of an agent, with its fields', async () => {
      const { board } = suite.lab
      const agent = await suite.hire('Fay', 'close-issue')
      const page = await ui().open(board, `/agents/${agent}/runtime`, async (shown) => {
        // The page continues to the agent's name, and loads once more.
        await shown.waitForURL('**/agents/fay/**')
        await seen(shown, 'Namespace')
      })
      const { fields } = await board.must<{ fields: { label: string }[] }>(
        'GET',
        `/api/adapters/${suite.agent.definition.type}/config-schema`,
      )
      const labels = fields.slice(0, 10).map(({ label }) => label)
      const missing = await eventually(
        async () => {
          const text = await page.innerText('body')
          const left = labels.filter((label) => !text.includes(label))
          return left.length === 0 ? left : null
        },
        'the fields in the form',
        30_000,
      )
      expect(missing).toEqual([])
      const heading = page.getByText('Configuration', { exact: true }).first()
      await heading.evaluate((element) => element.scrollIntoView())
      await ui().picture('agent-settings')
    })

    it("a run's transcript by the adapter's own parser, with its session, its tokens and its task", async () => {
      const { board } = suite.lab
      const agent = await suite.hire('Ada', 'tidy')
      const issue = await board.assign(agent, 'Tidy up the changelog', 'Say what changed since the last release.')
      const run = await board.finished(agent)
      await board.issueIn(issue, 'done')
      const page = await ui().open(board, `/agents/${agent}/runs/${run.id}`, async (shown) => {
        await seen(shown, opening)
        await seen(shown, closing.replaceAll('**', ''))
        await seen(shown, 'Tidy up the changelog')
      })
      // The page rerenders while it loads, and closes what was opened.
      await eventually(async () => {
        if (await page.getByText('clear session for these tasks').isVisible()) return true
        await page.getByText('Session', { exact: true }).first().click()
        return null
      }, 'the session')
      const text = await page.innerText('body')
      expect(text).toContain('succeeded')
      // A successful run shows no red box.
      expect(text).not.toMatch(/^stderr/m)
      expect(text).not.toContain(suite.agent.firstLine)
      await ui().picture('run')
      await page
        .getByText(/^Transcript \(/)
        .first()
        .evaluate((heading) => heading.scrollIntoView())
      await ui().picture('transcript')

      // Paperclip's own pages, whose worker for parsers fails: the log itself is what people read.
      const unmodified = await openUiWindow(suite.lab, { mended: false })
      try {
        const raw = await unmodified.open(board, `/agents/${agent}/runs/${run.id}`, async (shown) => {
          await seen(shown, opening)
          await seen(shown, closing)
        })
        expect(await raw.innerText('body')).not.toContain('{"type":')
        await unmodified.picture('transcript-unmodified')
      } finally {
        await unmodified.close()
      }

      const { identifier } = await board.must<{ identifier: string }>('GET', `/api/issues/${issue}`)
      await ui().open(board, `/issues/${identifier}`, (shown) => seen(shown, 'Done from the pod.'))
      await ui().picture('issue')
    })
  })
}
