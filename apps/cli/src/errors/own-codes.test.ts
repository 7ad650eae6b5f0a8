import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { label } from '@agent-jobs/k8s-job-runner'
import { describe, expect, it } from 'vitest'
import { startAnsweringServer, type Answer } from '../../test/answering-server.ts'
import { fakeTerminal } from '../../test/fake-terminal.ts'
import { exec } from '../actions/exec.ts'
import { installedAgent } from '../agents/installed-agent.ts'
import { packFolder } from '../run/pack-folder.ts'
import { kubectl } from '../runs/kubectl.ts'
import { runCli } from '../run-cli.ts'
import { CliError } from './cli-error.ts'

const list = (...items: object[]): Answer => [200, { items, metadata: { resourceVersion: '1' } }]
const status = (code: number, reason: string): Answer => [
  code,
  { kind: 'Status', apiVersion: 'v1', status: 'Failure', code, reason, message: `the server says ${reason}` },
]
const job = {
  metadata: { name: 'claude-1', namespace: 'default', uid: 'j1', labels: { [label.managed]: 'true' } },
  spec: { template: { spec: { containers: [{ name: 'main', image: 'agent:1' }] } } },
}
const podIn = (state: object): object => ({
  metadata: { name: 'claude-1-x', namespace: 'default', uid: 'p1', ownerReferences: [{ kind: 'Job', uid: 'j1' }] },
  spec: { nodeName: 'node-1', containers: [{ name: 'main', image: 'agent:1' }] },
  status: { containerStatuses: [{ name: 'main', state }] },
})

/** The code of the error that a command prints as JSON, and its exit code. */
async function failure(args: readonly string[], answer: (request: string) => Answer): Promise<[string, number]> {
  await using server = await startAnsweringServer(answer)
  const terminal = fakeTerminal({ env: server.env })
  const exit = await runCli([...args, '--json'], terminal)
  const { error } = JSON.parse(terminal.stdout()) as { error: { code: string } }
  return [error.code, exit]
}

describe('the errors of the command line', () => {
  it.each([
    ['not_mini_kube', ['faults', 'list'], () => status(404, 'NotFound')],
    ['unauthorized', ['ps'], () => status(401, 'Unauthorized')],
    ['no_namespace', ['ps'], listOrNothing],
    ['no_runs', ['logs'], (asked: string) => (asked.endsWith('GET /api/v1/namespaces/default') ? exists : list())],
    ['no_metrics', ['top'], runningWithoutMetrics],
  ] as const)('%s is the code of %j', async (code, args, answer) => {
    expect(await failure(args, answer)).toEqual([code, 1])
  })

  it('port_taken is the code of a server that cannot listen', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve))
    const { port } = other.address() as AddressInfo
    const terminal = fakeTerminal()
    expect(await runCli(['mini-kube', '--port', String(port), '--json'], terminal)).toBe(1)
    expect(JSON.parse(terminal.stdout())).toMatchObject({ error: { code: 'port_taken' } })
    await new Promise((resolve) => other.close(resolve))
  })

  it('not_running is the code of exec in a pod that has ended', async () => {
    await using server = await startAnsweringServer((asked) =>
      asked.includes('/jobs/') ? [200, job] : list(podIn({ terminated: { exitCode: 0, reason: 'Completed' } })),
    )
    const execution = exec('claude-1', ['true'], {}, fakeTerminal({ env: server.env }))
    await expect(execution).rejects.toMatchObject({ code: 'not_running' })
  })

  it('command_failed is the code of a missing kubectl', async () => {
    await expect(kubectl(['version'], {}, { PATH: '/absent' })).rejects.toMatchObject({ code: 'command_failed' })
  })

  it('agent_not_installed is the code of a missing agent', () => {
    expect(() => installedAgent('no-such-agent')).toThrow(expect.objectContaining({ code: 'agent_not_installed' }))
  })

  it('copy_failed is the code of a folder that does not fit into the Secret', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'cli-large-'))
    await writeFile(join(folder, 'large'), randomBytes(600 * 1024))
    await expect(packFolder(folder)).rejects.toMatchObject({ code: 'copy_failed' })
    await rm(folder, { recursive: true })
  })

  it('are recognised across copies of this package', () => {
    expect(CliError.isInstance(new CliError('usage', 'x'))).toBe(true)
    expect(CliError.isInstance(Object.assign(new Error('x'), { code: 'usage' }))).toBe(false)
    expect([new CliError('usage', 'x').exitCode, new CliError('no_runs', 'x').exitCode]).toEqual([2, 1])
  })
})

const exists: Answer = [200, { metadata: { name: 'default' } }]

function listOrNothing(asked: string): Answer {
  return asked.endsWith('GET /api/v1/namespaces/default') ? status(404, 'NotFound') : list()
}

function runningWithoutMetrics(asked: string): Answer {
  if (asked.includes('/jobs')) return list(job)
  if (asked.includes('metrics.k8s.io')) return status(404, 'NotFound')
  if (asked.includes('/proxy/')) return status(403, 'Forbidden')
  return list(podIn({ running: { startedAt: '2026-11-30T00:00:00Z' } }))
}
