import { execFile, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { stat, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { promisify } from 'node:util'
import { createKubeClient, kinds, loadKubeConfig } from '@agent-jobs/kube-api'
import { describe, expect, it } from 'vitest'
import { runCli } from '../run-cli.ts'
import { fakeTerminal, type FakeTerminal } from '../../test/fake-terminal.ts'

const kubectl = (process.env['PATH'] ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'kubectl'))
  .find((file) => existsSync(file))

interface Up {
  terminal: FakeTerminal
  url: string
  kubeconfig: string
  stop(): Promise<number>
}
async function up(...more: string[]): Promise<Up> {
  const terminal = fakeTerminal()
  const command = runCli(['mini-kube', '--json', ...more], terminal)
  await terminal.shown('"kubeconfig"', 'out')
  const { url, kubeconfig }: { url: string; kubeconfig: string } = JSON.parse(terminal.stdout())
  return {
    terminal,
    url,
    kubeconfig,
    stop: () => {
      terminal.press('SIGINT')
      return command
    },
  }
}

const job = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name: 'hello' },
  spec: {
    template: {
      spec: {
        restartPolicy: 'Never',
        containers: [{ name: 'main', image: 'any', command: ['sh', '-c', 'echo one; echo two'] }],
      },
    },
  },
}

describe('agent-jobs mini-kube', () => {
  it('makes the same names in every run with --seed, and keeps its kubeconfig to its user', async () => {
    const nameWith = async (seed: string): Promise<string> => {
      const { kubeconfig, stop } = await up('--seed', seed)
      expect((await stat(kubeconfig)).mode & 0o777).toBe(0o600)
      const client = createKubeClient({ kubeConfig: loadKubeConfig({ path: kubeconfig, env: {} }) })
      const { metadata } = await client.create(kinds.Secret, { metadata: { generateName: 's-', namespace: 'default' } })
      await client.close()
      await stop()
      return metadata?.name ?? ''
    }
    const first = await nameWith('7')
    expect(first).toMatch(/^s-.+/)
    expect(await nameWith('7')).toBe(first)
    expect(await nameWith('8')).not.toBe(first)
  })

  it('says what to do about a port that is taken', async () => {
    const { url, stop } = await up()
    const terminal = fakeTerminal()
    const { port } = new URL(url)
    expect(await runCli(['mini-kube', '--port', port], terminal)).toBe(1)
    expect(terminal.stderr()).toBe(
      `error: Port ${port} of 127.0.0.1 is taken. Pass another --port, or none for a free one.\n`,
    )
    await stop()
  })

  it('serves until Ctrl-C and removes its kubeconfig', async () => {
    const { url, kubeconfig, stop } = await up()
    expect((await fetch(`${url}/version`)).status).toBeLessThan(500)
    expect(existsSync(kubeconfig)).toBe(true)
    expect(await stop()).toBe(0)
    expect(existsSync(kubeconfig)).toBe(false)
    await expect(fetch(`${url}/version`)).rejects.toThrow('fetch failed')
  })

  it('says how to use it', async () => {
    const terminal = fakeTerminal()
    const command = runCli(['mini-kube'], terminal)
    await terminal.shown('until Ctrl-C', 'out')
    expect(terminal.stdout()).toMatch(/export KUBECONFIG=\/.*\n {2}kubectl get nodes/)
    terminal.press('SIGTERM')
    expect(await command).toBe(0)
  })

  it('refuses an invalid port', async () => {
    const terminal = fakeTerminal()
    expect(await runCli(['mini-kube', '--port', '70000'], terminal)).toBe(2)
    expect(terminal.stderr()).toContain('from 0 to 65535')
  })
})

describe.skipIf(!kubectl)('kubectl on agent-jobs mini-kube (skipped where kubectl is not on PATH)', () => {
  it('lists, follows, describes and deletes a Job and its pod', async () => {
    const { kubeconfig, stop } = await up()
    const run = promisify(execFile)
    const k = async (...args: string[]): Promise<string> =>
      (await run(kubectl ?? '', ['--kubeconfig', kubeconfig, ...args], { timeout: 20_000 })).stdout
    try {
      expect(await k('get', 'nodes')).toContain('Ready')
      await writeFile(`${kubeconfig}.job`, JSON.stringify(job))
      await k('apply', '-f', `${kubeconfig}.job`)
      await k('wait', '--for=condition=complete', 'job/hello', '--timeout=15s')
      expect(await k('logs', '-f', 'job/hello')).toBe('one\ntwo\n')
      expect(await k('get', 'pods', '-l', 'job-name=hello')).toMatch(/hello-\w+\s+0\/1\s+Completed/)
      expect(await k('describe', 'job', 'hello')).toContain('1 Succeeded')
      await k('delete', 'job', 'hello')
      expect(await k('get', 'jobs', '-o', 'name')).toBe('')
    } finally {
      await stop()
    }
  })

  it('follows the log of a pod that is still at work', async () => {
    const { kubeconfig, stop } = await up()
    try {
      const run = promisify(execFile)
      await run(kubectl ?? '', [
        '--kubeconfig',
        kubeconfig,
        'run',
        'ticker',
        '--image=any',
        '--restart=Never',
        '--',
        'sh',
        '-c',
        'echo begun; sleep 1; echo done',
      ])
      await run(kubectl ?? '', [
        '--kubeconfig',
        kubeconfig,
        'wait',
        '--for=jsonpath={.status.phase}=Running',
        'pod/ticker',
        '--timeout=15s',
      ])
      const follower = spawn(kubectl ?? '', ['--kubeconfig', kubeconfig, 'logs', '-f', 'ticker'])
      let output = ''
      for await (const chunk of follower.stdout) output += String(chunk)
      expect(output).toBe('begun\ndone\n')
    } finally {
      await stop()
    }
  })
})
