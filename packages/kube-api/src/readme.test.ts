import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { bookmark, configMap, watchEvent } from '../test/events.ts'
import { fedStream, startFakeApiServer } from '../test/fake-api-server.ts'
import type { KubeErrorCode } from './kube-error.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(join(root, 'README.md'), 'utf8')

it('has an example that runs as it stands', async () => {
  await using api = await startFakeApiServer()
  const stream = fedStream()
  api.answer(stream.answer)
  // Inside the package, so that the example's imports resolve as they would for a user.
  const folder = mkdtempSync(join(root, 'node_modules', '.readme-'))
  try {
    const [example = ''] = /(?<=```ts\n)[\s\S]+?(?=```)/.exec(readme) ?? []
    writeFileSync(join(folder, 'example.mjs'), example.replace('@agent-jobs/kube-api', join(root, 'src/index.ts')))
    writeFileSync(join(folder, 'kubeconfig'), api.kubeConfig().exportConfig())
    const child = spawn(process.execPath, ['--conditions=@agent-jobs/source', join(folder, 'example.mjs')], {
      env: { ...process.env, KUBECONFIG: join(folder, 'kubeconfig') },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await stream.opened
    stream.send(watchEvent('ADDED', configMap('my-job', 3)), bookmark(5, { end: true }))
    let printed = ''
    for await (const text of child.stdout.setEncoding('utf8')) {
      printed += text
      if (printed.includes('that is all for now')) break
    }
    child.kill()
    expect(printed).toBe('added my-job\nthat is all for now\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

it('has a row for every error code', () => {
  const codes: Record<KubeErrorCode, true> = {
    bad_request: true,
    unauthorized: true,
    forbidden: true,
    not_found: true,
    conflict: true,
    already_exists: true,
    gone: true,
    invalid: true,
    too_many_requests: true,
    server_error: true,
    unavailable: true,
    unexpected_status: true,
    timeout: true,
    connection: true,
    tls: true,
    credentials: true,
    kubeconfig_missing: true,
    kubeconfig_invalid: true,
    kubeconfig_refused: true,
    bad_response: true,
    response_too_large: true,
    stale_list: true,
    closed: true,
  }
  const rows = [...readme.matchAll(/^\| `(\w+)`\s+\| (?:yes|no)\s+\|/gm)].map(([, code]) => code)
  expect(rows.sort()).toEqual(Object.keys(codes).sort())
})

it('mentions every export that is a value', async () => {
  const names = Object.keys(await import('./index.ts'))
  expect(names.filter((name) => !new RegExp(`\\b${name}\\b`).test(readme))).toEqual([])
})
