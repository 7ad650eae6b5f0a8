import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { launchChromium } from './headless-chromium.ts'
import type { Board } from '../server/paperclip-board.ts'
import type { PaperclipLab } from '../server/paperclip-lab.ts'

/** Paperclip's UI in a browser, with its operator signed in. */
export interface UiWindow {
  /** Opens a page of a company, and waits until it shows the expected text. */
  open(board: Board, path: string, shown: (page: Page) => Promise<unknown>): Promise<Page>
  /** Saves a screenshot for the documentation in the folder AGENT_JOBS_PICTURES, if set. */
  picture(name: string): Promise<void>
  close(): Promise<void>
}

const pictures = process.env['AGENT_JOBS_PICTURES']

/**
 * The worker in which Paperclip 2026.916.1 runs the parser of an adapter removes dangerous globals by assignment, in
 * strict mode. Some of them have no setter (`caches`, `indexedDB`), so the worker throws before it has read the parser,
 * in every browser, and the transcript stays raw. Without the directive it works.
 */
const strictWorker = /"use strict";(?=\s+\/\/ ── 1\. Lock down dangerous globals)/

/** Opens a browser at the UI of a lab's server: as it is, or with its worker mended. */
export async function openUiWindow(lab: PaperclipLab, { mended = true }: { mended?: boolean } = {}): Promise<UiWindow> {
  const browser = await launchChromium()
  const context = await browser.newContext({ viewport: { width: 1280, height: 1100 } })
  await context.addCookies(
    (lab.cookie?.split('; ') ?? []).map((each) => {
      const [name = '', ...value] = each.split('=')
      return { name, value: value.join('='), url: lab.server.url }
    }),
  )
  if (mended) {
    await context.route('**/assets/*.js', async (route) => {
      const response = await route.fetch()
      const body = await response.text()
      await route.fulfill({ response, body: body.replace(strictWorker, '') })
    })
  }
  const page = await context.newPage()
  return {
    async open(board, path, shown) {
      const { issuePrefix } = await board.must<{ issuePrefix: string }>('GET', `/api/companies/${board.company}`)
      const url = `${lab.server.url}/${issuePrefix}${path}`
      // Chromium drops its connections when the network of a pod appears or disappears.
      for (let left = 2; ; left -= 1) {
        try {
          await page.goto(url, { waitUntil: 'domcontentloaded' })
          await shown(page)
          return page
        } catch (error) {
          if (left === 0)
            throw new Error(`${path} did not show what it should: ${await page.innerText('body')}`, { cause: error })
        }
      }
    },
    async picture(name) {
      if (pictures === undefined) return
      mkdirSync(pictures, { recursive: true })
      await page.screenshot({ path: join(pictures, `${name}.png`) })
    },
    close: () => browser.close(),
  }
}
