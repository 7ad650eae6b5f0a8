import { startMiniKube, type MiniKube } from '@agent-jobs/mini-kube'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../run-cli.ts'
import { fakeTerminal } from '../../test/fake-terminal.ts'

describe('agent-jobs faults', () => {
  let kube: MiniKube
  let folder: string
  let kubeconfig: string

  beforeAll(async () => {
    kube = await startMiniKube()
    folder = await mkdtemp(join(tmpdir(), 'faults-command-'))
    kubeconfig = join(folder, 'kubeconfig')
    await writeFile(kubeconfig, kube.kubeConfig())
  })
  afterAll(async () => {
    await kube.close()
    await rm(folder, { recursive: true })
  })

  async function faults(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const terminal = fakeTerminal()
    const code = await runCli(['faults', ...args, '--kubeconfig', kubeconfig], terminal)
    return { code, out: terminal.stdout(), err: terminal.stderr() }
  }

  it('injects a fault that takes effect, shows it and removes it', async () => {
    const fault = { kind: 'error', status: 418, match: { path: '/version' } }
    const added = await faults('add', JSON.stringify(fault))
    expect(added).toMatchObject({ code: 0, out: expect.stringContaining(JSON.stringify(fault)) })
    expect((await fetch(`${kube.url}/version`)).status).toBe(418)
    expect((await faults('list')).out).toContain('1 hit ')
    expect(JSON.parse((await faults('list', '--json')).out)).toMatchObject({ hits: 1, fault })
    const [id = ''] = added.out.split('  ')
    expect(await faults('remove', id)).toMatchObject({ code: 0, out: '' })
    expect((await fetch(`${kube.url}/version`)).status).not.toBe(418)
  })

  it('reports an unknown fault', async () => {
    expect(await faults('remove', 'absent')).toMatchObject({
      code: 2,
      err: expect.stringContaining('Fault absent not found'),
    })
    expect(await faults('list')).toEqual({ code: 0, out: '', err: 'No active faults.\n' })
  })

  it('removes all faults at once', async () => {
    await faults('add', '{"kind":"latency","ms":1}')
    await faults('add', '{"kind":"latency","ms":2}')
    expect((await faults('list')).out.split('\n')).toHaveLength(3)
    expect(await faults('remove')).toMatchObject({ code: 0, out: '' })
  })

  it.each(['latency', '[1]', '"latency"'])('refuses %s, which is not a JSON object', async (text) => {
    expect(await faults('add', text)).toMatchObject({ code: 2, err: expect.stringContaining('JSON') })
  })

  it('passes on why a fault is refused', async () => {
    expect(await faults('add', '{"status":429}')).toMatchObject({ code: 1, err: expect.stringContaining('`kind`') })
  })

  it('reports that the cluster is not mini-kube', async () => {
    const other = createServer((_request, response) => {
      response.writeHead(404, { 'content-type': 'application/json' })
      response.end('{"kind":"Status","apiVersion":"v1","status":"Failure","reason":"NotFound","code":404}')
    })
    await new Promise<void>((resolve) => {
      other.listen(0, '127.0.0.1', () => resolve())
    })
    const { port } = other.address() as AddressInfo
    const file = join(folder, 'other')
    await writeFile(file, kube.kubeConfig().replaceAll(/http:\/\/127\.0\.0\.1:\d+/g, `http://127.0.0.1:${port}`))
    const terminal = fakeTerminal()
    expect(await runCli(['faults', 'list', '--kubeconfig', file], terminal)).toBe(1)
    expect(terminal.stderr()).toContain('is not a mini-kube')
    other.close()
  })
})
