import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { launchChromium } from '../packages/paperclip-testing/src/index.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const dist = join(root, 'docs/.vitepress/dist')
const types: Readonly<Record<string, string>> = {
  '.css': 'text/css',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.svg': 'image/svg+xml',
}
const paths = ['', 'getting-started', 'concepts', 'configuration', 'troubleshooting', 'cli', 'comparison', 'adr/']

/** Serves the built site as a host with clean URLs does. */
async function serve(): Promise<Server> {
  const server = createServer((asked, answer) => {
    const path = (asked.url ?? '/').replace(/[?#].*/, '').replace(/\/$/, '/index')
    const file = join(dist, extname(path) === '' ? `${path}.html` : path)
    readFile(file).then(
      (body) => answer.writeHead(200, { 'content-type': types[extname(file)] ?? 'application/octet-stream' }).end(body),
      () => answer.writeHead(404).end(),
    )
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return server
}

describe('the documentation site', () => {
  let server: Server
  let browser: Awaited<ReturnType<typeof launchChromium>>
  beforeAll(async () => {
    await promisify(execFile)(process.execPath, ['node_modules/vitepress/bin/vitepress.js', 'build', 'docs'], {
      cwd: root,
    })
    server = await serve()
    browser = await launchChromium()
  })
  afterAll(async () => {
    await browser.close()
    server.closeAllConnections()
    server.close()
  })

  it.each([
    ['a desk, in light colors', { width: 1280, height: 900 }, 'light'],
    ['a desk, in dark colors', { width: 1280, height: 900 }, 'dark'],
    ['a phone', { width: 390, height: 844 }, 'light'],
  ] as const)('can be read on %s', async (_where, viewport, colorScheme) => {
    const page = await browser.newPage({ viewport, colorScheme })
    const problems: string[] = []
    page.on('pageerror', ({ message }) => problems.push(message))
    page.on('console', (message) => {
      if (message.type() === 'error') problems.push(message.text())
    })
    for (const path of paths) {
      await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/${path}`, {
        waitUntil: 'networkidle',
      })
      const shown = await page.locator('.VPNav, .VPContent, .VPSidebar').allInnerTexts()
      if (shown.join('').match(/\{\{ ?(?:site|theme|title|text)/)) problems.push(`${path} shows a template`)
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth')
      if (Number(overflow) > 0) problems.push(`${path} is ${String(overflow)} pixels too wide`)
    }
    await page.close()
    expect(problems).toEqual([])
  })
})
