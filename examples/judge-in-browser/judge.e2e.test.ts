import { fileURLToPath } from 'node:url'
import { launchChromium } from '@agent-jobs/paperclip-testing'
import { expect, it } from 'vitest'
import { startPage } from './start-page.ts'

const recording = (name: string): string =>
  fileURLToPath(
    new URL(`../../packages/claude-stream-parser/src/__fixtures__/claude/${name}/stdout.jsonl`, import.meta.url),
  )

it('judges recordings in a browser', async () => {
  await using served = await startPage()
  const browser = await launchChromium()
  try {
    const page = await browser.newPage()
    await page.goto(served.url)
    await page.setInputFiles('#recording', recording('success'))
    await page.getByText(/^succeeded – session [0-9a-f-]{36}/).waitFor()
    expect(await page.locator('#transcript li').count()).toBeGreaterThan(0)
    await page.setInputFiles('#recording', recording('rate-limit-429'))
    await page.getByText(/^rate_limited: /).waitFor()
  } finally {
    await browser.close()
  }
})
