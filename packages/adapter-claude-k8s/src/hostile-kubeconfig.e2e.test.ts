import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AdapterDependencies } from '@agent-jobs/adapter-kit'
import { createClusterPool } from '@agent-jobs/adapter-kit'
import { paperclipContext, realPaperclipPlace, type PaperclipPlace } from '@agent-jobs/paperclip-testing'
import { kinds, loadKubeConfig } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { claudeAgent } from '../test/claude-agent.ts'

const cluster = process.env['KUBECONFIG']

describe.skipIf(!cluster)('a kubeconfig that an agent puts into its settings (needs KUBECONFIG)', () => {
  let place: PaperclipPlace
  let folder = ''
  let deps: AdapterDependencies
  beforeAll(async () => {
    place = await realPaperclipPlace(claudeAgent, 'hostile-kubeconfig')
    // A server whose operator says nothing about kubeconfigs.
    const env = { ...place.deps.env, AGENT_JOBS_POLICY: '{"allow": {"volumeFolders": true}}' }
    deps = { ...place.deps, env, clusters: createClusterPool({ env }) }
    folder = mkdtempSync(join(tmpdir(), 'hostile-kubeconfig-'))
  })
  afterAll(async () => {
    rmSync(folder, { recursive: true })
    await deps.clusters.close()
    await place.client.delete(kinds.Namespace, { name: place.namespace })
    await place.close()
  })

  /** The real cluster's kubeconfig, in which the agent has replaced the user or the address. */
  function kubeconfig({ user, server }: { user: object; server?: string }): string {
    const [real] = loadKubeConfig({ env: process.env }).clusters
    const ca = real?.caData ?? readFileSync(String(real?.caFile)).toString('base64')
    const secure = server === undefined ? { 'certificate-authority-data': ca } : {}
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: server ?? real?.server, ...secure } }],
      users: [{ name: 'u', user }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: place.namespace } }],
      'current-context': 'x',
    })
  }

  /** What every way into the cluster says: the environment test, a run, and the wake-up after a restart. */
  async function attack(setting: string): Promise<string[]> {
    const adapter = place.adapter(deps)
    const config = place.config('text', { kubeconfig: setting })
    const test = await adapter.testEnvironment({ companyId: 'c', adapterType: 'claude_k8s', config })
    const run = await adapter.execute(paperclipContext({ config }).ctx)
    const jobs = await place.client.list(kinds.Job, { namespace: place.namespace })
    expect(jobs.items).toEqual([])
    let recorded = 'used'
    try {
      deps.clusters.get(setting)
    } catch (error) {
      recorded = String(Reflect.get(Object(error), 'code'))
    }
    return [test.checks[0]?.code ?? '', String(run.errorCode), recorded]
  }
  const refused = ['k8s_kubeconfig_refused', 'k8s_kubeconfig_refused', 'k8s_kubeconfig_refused']

  it('runs no exec plugin on the server', async () => {
    const loot = join(folder, 'loot')
    const args = ['-c', `cat /etc/passwd > ${loot}`]
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'sh', args, interactiveMode: 'Never' }
    expect(await attack(kubeconfig({ user: { exec } }))).toEqual(refused)
    expect(existsSync(loot)).toBe(false)
  })

  it('runs no command of an auth provider on the server', async () => {
    const loot = join(folder, 'loot')
    const config = { 'cmd-path': 'touch', 'cmd-args': loot, 'token-key': '{.a}', 'expiry-key': '{.b}' }
    expect(await attack(kubeconfig({ user: { 'auth-provider': { name: 'gcp', config } } }))).toEqual(refused)
    expect(existsSync(loot)).toBe(false)
  })

  it('sends no file of the server to an address of its choice', async () => {
    const secret = join(folder, 'secret')
    writeFileSync(secret, 'the-master-key')
    const received: string[] = []
    const listener = createServer((request, response) => {
      received.push(JSON.stringify(request.headers))
      response.end('{}')
    })
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve))
    try {
      const server = `http://127.0.0.1:${(listener.address() as AddressInfo).port}`
      expect(await attack(kubeconfig({ user: { tokenFile: secret }, server }))).toEqual(refused)
      expect(received.join('\n')).not.toContain('the-master-key')
    } finally {
      listener.close()
    }
  })

  it('is not read from a file of the server', async () => {
    expect(await attack(String(process.env['KUBECONFIG']))).toEqual(refused)
    expect(await attack('/etc/passwd')).toEqual(refused)
  })

  it('reaches the cluster when it holds data only', async () => {
    const { users } = loadKubeConfig({ env: process.env })
    const inline = (data?: string, file?: string) => data ?? (file ? readFileSync(file).toString('base64') : undefined)
    const [own] = users
    const user = {
      token: own?.token,
      'client-certificate-data': inline(own?.certData, own?.certFile),
      'client-key-data': inline(own?.keyData, own?.keyFile),
    }
    const config = place.config('text', { kubeconfig: kubeconfig({ user }) })
    const { checks } = await place.adapter(deps).testEnvironment({ companyId: 'c', adapterType: 'claude_k8s', config })
    expect(checks[0]).toMatchObject({ code: 'k8s_api_reachable' })
  })
})
