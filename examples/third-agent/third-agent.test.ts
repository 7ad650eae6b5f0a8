import { randomUUID } from 'node:crypto'
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { execFile } from 'node:child_process'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { createClusterPool, systemDependencies } from '@agent-jobs/adapter-kit'
import { startMiniKube, type MiniKube } from '@agent-jobs/mini-kube'
import { paperclipContext } from '@agent-jobs/paperclip-testing'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createServerAdapter } from './src/adapter.ts'

const here = fileURLToPath(new URL('.', import.meta.url))

describe('a third agent, defined once', () => {
  let folder: string
  let cluster: MiniKube
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'third-agent-'))
    mkdirSync(join(folder, 'bin'))
    copyFileSync(join(here, 'countdown.sh'), join(folder, 'bin', 'countdown.sh'))
    symlinkSync(process.execPath, join(folder, 'bin', 'node'))
    cluster = await startMiniKube({
      dataDir: join(folder, 'data'),
      honourUser: false,
      namespaces: ['agents'],
      images: { 'countdown:1': { path: [join(folder, 'bin'), '/usr/bin', '/bin'], env: { TMPDIR: folder } } },
    })
    writeFileSync(join(folder, 'kubeconfig'), cluster.kubeConfig())
  })
  afterAll(async () => {
    await cluster.close()
    rmSync(folder, { recursive: true, force: true })
  })

  async function byCommandLine(task: string) {
    const program = join(here, '../../apps/cli/src/main.ts')
    const options = ['--agent', join(here, 'src/agent.ts'), '--image', 'countdown:1', '--namespace', 'agents', '--json']
    const args = ['--conditions=@agent-jobs/source', program, 'run', ...options, task]
    const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: join(folder, 'kubeconfig') }
    const { stdout, stderr } = await promisify(execFile)(process.execPath, args, { env }).catch((error: unknown) => {
      const { stdout: out, stderr: err } = error as { stdout: string; stderr: string }
      return { stdout: out, stderr: err }
    })
    return { report: JSON.parse(stdout) as Record<string, unknown>, transcript: stderr }
  }

  it('runs through the command line, with its own transcript and result', async () => {
    const { report, transcript } = await byCommandLine('count down from 3')
    expect(report, transcript).toMatchObject({
      outcome: 'succeeded',
      errorCode: null,
      summary: 'lift-off',
      model: 'countdown-1',
      usage: { outputTokens: 7 },
    })
    expect(transcript).toMatch(/▸ 3\n[^]*▸ 2\n[^]*▸ 1\n/)
  })

  it('fails through the command line with the code that its parser finds', async () => {
    const { report, transcript } = await byCommandLine('fail')
    expect(report, transcript).toMatchObject({
      outcome: 'exited',
      errorCode: 'agent_failed',
      errorMessage: 'nothing to count',
    })
  })

  it('runs through a Paperclip adapter, with the same definition', async () => {
    const env = { KUBECONFIG: join(folder, 'kubeconfig'), HOME: folder, PAPERCLIP_HOME: folder }
    const pool = createClusterPool({ env })
    const adapter = createServerAdapter(systemDependencies({ env, clusters: pool, records: () => null }))
    const { ctx, told } = paperclipContext({
      runId: randomUUID(),
      adapterType: 'countdown_k8s',
      config: { image: 'countdown:1', namespace: 'agents' },
    })
    const result = await adapter.execute(ctx)
    await pool.close()
    const log = told.log.map(({ chunk }) => chunk).join('')
    expect(result, log).toMatchObject({ exitCode: 0, summary: 'lift-off', usage: { outputTokens: 7 } })
    expect(log).toContain('{"event":"say","text":"3"}\n{"event":"say","text":"2"}\n{"event":"say","text":"1"}\n')
  })
})
