import { mkdtempSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { runProgram } from './run-program.ts'

it('lets the command call an API whose token it never sees', async () => {
  const tokenFile = join(mkdtempSync(join(tmpdir(), 'launcher-proxy-')), 'token')
  writeFileSync(tokenFile, 'the-real-token')
  const seen: (string | undefined)[] = []
  const server = createServer((request, response) => {
    if (request.method !== 'HEAD') seen.push(request.headers.authorization)
    response.end('issue closed')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  const call = `fetch(process.env.API_URL+'/api/issues/1',{method:'PATCH',body:'{}',headers:{authorization:'Bearer '+process.env.API_KEY}})
    .then(a=>a.text()).then(t=>console.log(t,JSON.stringify(process.env).includes('the-real-token')))`
  const { stdout, end, notices } = await runProgram({
    argv: [process.execPath, '-e', call],
    proxy: { targetUrl: `http://127.0.0.1:${port}`, tokenFile, envUrl: 'API_URL', envToken: 'API_KEY' },
  })
  server.close().closeAllConnections()
  expect(stdout.toString()).toBe('issue closed false\n')
  expect(seen).toEqual(['Bearer the-real-token'])
  expect(notices).toEqual([])
  expect(end.exitCode).toBe(0)
})
