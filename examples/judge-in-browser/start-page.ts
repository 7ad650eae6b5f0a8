import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

/** The page, served on loopback. */
export interface Page extends AsyncDisposable {
  readonly url: string
}

/** Bundles the page with the parser, which has no dependencies, and serves both. */
export async function startPage(): Promise<Page> {
  const html = await readFile(new URL('page/page.html', import.meta.url))
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL('page/page.ts', import.meta.url))],
    bundle: true,
    format: 'esm',
    write: false,
    conditions: ['@agent-jobs/source'],
  })
  const script = outputFiles[0]?.contents
  const server = createServer((asked, answer) => {
    const isScript = asked.url === '/page.js'
    answer.setHeader('content-type', isScript ? 'text/javascript; charset=utf-8' : 'text/html; charset=utf-8')
    answer.end(isScript ? script : html)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
