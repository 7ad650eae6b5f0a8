import { mkdir, readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { launchChromium } from '@agent-jobs/paperclip-testing'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeTerminal, type FakeTerminal } from '../../test/fake-terminal.ts'
import { startStandInCluster, type StandInCluster } from '../../test/stand-in-cluster.ts'
import { runCli } from '../run-cli.ts'

// Where the documentation keeps its pictures; nothing is kept without it.
const pictures = process.env['AGENT_JOBS_PICTURES']

let cluster: StandInCluster
let terminal: FakeTerminal
let serving: Promise<number>
let browser: Browser
let page: Page
let job = ''
let living = ''
beforeAll(async () => {
  cluster = await startStandInCluster()
  const done = fakeTerminal({ env: cluster.env })
  await runCli(cluster.args('hello', '--keep', '--json'), done)
  ;({ job } = JSON.parse(done.stdout()) as { job: string })
  living = await submit('wait')
  terminal = fakeTerminal({ env: cluster.env })
  serving = runCli(['ui', '-n', 'agents', '--by', 'the test', '--json'], terminal)
  await terminal.shown('"url"', 'out')
  browser = await launchChromium()
  page = await browser.newPage({ viewport: { width: 1400, height: 900 } })
  await page.goto((JSON.parse(terminal.stdout()) as { url: string }).url)
}, 600_000)
afterAll(async () => {
  await browser?.close()
  terminal?.press('SIGINT')
  await serving
  await cluster?.[Symbol.asyncDispose]()
})

async function submit(prompt: string): Promise<string> {
  const submitting = fakeTerminal({ env: cluster.env })
  await runCli(cluster.args(prompt, '-d'), submitting)
  return submitting.stdout().trim()
}

async function picture(name: string): Promise<void> {
  if (pictures === undefined) return
  await mkdir(pictures, { recursive: true })
  await page.screenshot({ path: join(pictures, `${name}.png`) })
}

/** What axe finds wrong with the page as it is shown. */
async function accessibilityProblems(): Promise<string[]> {
  // The page's own policy keeps scripts of others out; what the debugger evaluates is not the page's.
  await page.evaluate(await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'))
  const found = (await page.evaluate('axe.run()')) as { violations: { id: string; nodes: { html: string }[] }[] }
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(' ')}`)
}

describe('the page of agent-jobs ui, in a real Chromium', () => {
  it('hides the token, and shows the runs live', async () => {
    await page.getByRole('button', { name: job }).waitFor()
    expect(page.url()).not.toContain('token')
    const row = page.getByRole('row').filter({ hasText: living })
    await row.getByText('running').waitFor()
    const another = await submit('hello')
    await page.getByRole('row').filter({ hasText: another }).getByText('succeeded').waitFor()
  })

  it('shows a run in full: transcript, timeline, session, and how it ended', async () => {
    await page.getByRole('button', { name: job }).click()
    const details = page.getByRole('region', { name: 'Details of the run' })
    await details.getByText('The run succeeded.').waitFor()
    await details.getByText('s-1').waitFor()
    await details.getByText('container ended with 0').waitFor()
    expect(await page.evaluate('document.activeElement.textContent')).toBe(job)
    await picture('ui-light')
  })

  it('is accessible, light and dark', async () => {
    for (const colorScheme of ['light', 'dark'] as const) {
      await page.emulateMedia({ colorScheme })
      expect(await accessibilityProblems()).toEqual([])
    }
    await picture('ui-dark')
    await page.getByLabel('Theme').selectOption('light')
    const background = () => page.evaluate('getComputedStyle(document.body).backgroundColor')
    await expect.poll(background).toBe('rgb(255, 255, 255)')
    await page.getByLabel('Theme').selectOption('dark')
    await expect.poll(background).not.toBe('rgb(255, 255, 255)')
    await page.getByLabel('Theme').selectOption('system')
  })

  it('filters', async () => {
    await page.getByLabel('Filter').fill('running')
    await page.getByRole('row').filter({ hasText: job }).waitFor({ state: 'detached' })
    await page.getByLabel('Filter').fill('')
    await page.getByRole('row').filter({ hasText: job }).waitFor()
    expect(await page.getByRole('row').count()).toBeGreaterThan(2)
  })

  it('cancels a run by keyboard, after a confirmation', async () => {
    await page.getByRole('button', { name: living }).focus()
    await page.keyboard.press('Enter')
    await page.getByText('session').first().waitFor()
    await page.getByRole('button', { name: 'Cancel the run' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Keep it running' }).click()
    await page.getByRole('button', { name: 'Cancel the run' }).click()
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel the run' }).press('Enter')
    await page.getByText('Cancelled by the test').waitFor()
    const state = page.getByRole('row').filter({ hasText: living }).getByText('cancelled')
    await state.waitFor()
    expect(await state.isVisible()).toBe(true)
  })

  it('lets no other browser in', async () => {
    const other = await (await browser.newContext()).newPage()
    const answer = await other.goto(page.url())
    expect(answer?.status()).toBe(403)
  })
})
