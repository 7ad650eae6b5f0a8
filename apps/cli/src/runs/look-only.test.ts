import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { JobRunner } from '@agent-jobs/k8s-job-runner'
import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse, stringify } from 'yaml'
import { fakeTerminal } from '../../test/fake-terminal.ts'
import { startRecordingProxy, type RecordingProxy } from '../../test/recording-proxy.ts'
import { startStandInCluster, type StandInCluster } from '../../test/stand-in-cluster.ts'
import { runCli } from '../run-cli.ts'
import { observeRun } from './observe-run.ts'

let cluster: StandInCluster
let proxy: RecordingProxy
let env: { KUBECONFIG: string }
let job = ''
beforeAll(async () => {
  cluster = await startStandInCluster()
  const config = parse(await readFile(cluster.env.KUBECONFIG, 'utf8')) as {
    clusters: [{ cluster: { server: string } }]
  }
  const [{ cluster: place }] = config.clusters
  proxy = await startRecordingProxy(place.server)
  place.server = proxy.url
  env = { KUBECONFIG: join(cluster.folder, 'proxied') }
  await writeFile(env.KUBECONFIG, stringify(config))
  const terminal = fakeTerminal({ env: cluster.env })
  await runCli(cluster.args('hello', '-d'), terminal)
  job = terminal.stdout().trim()
  await runCli(['wait', '-n', 'agents', job], fakeTerminal({ env: cluster.env }))
})
afterAll(async () => {
  await proxy[Symbol.asyncDispose]()
  await cluster[Symbol.asyncDispose]()
})

describe('looking at a run', () => {
  it.each([
    ['logs', '--raw'],
    ['logs'],
    ['logs', '-f'],
    ['logs', '--json'],
    ['wait'],
    ['describe'],
    ['debug', '-o', 'bundle.tar.gz'],
  ])('changes nothing in the cluster: %j', async (command, ...flags) => {
    const target = flags.map((flag) => (flag === 'bundle.tar.gz' ? join(cluster.folder, flag) : flag))
    const terminal = fakeTerminal({ env })
    const code = await runCli([command, '-n', 'agents', job, ...target], terminal)
    expect({ code, writes: proxy.writes }).toEqual({ code: 0, writes: [] })
    const { metadata } = await cluster.client.get(kinds.Job, { name: job, namespace: 'agents' })
    expect(metadata?.deletionTimestamp).toBeUndefined()
  })

  it('asks the runner to observe, which makes it clean nothing up', async () => {
    const asked: unknown[] = []
    const runner = { attach: async (...args: unknown[]) => asked.push(args) } as unknown as JobRunner
    const { signal } = new AbortController()
    await observeRun(runner, { job }, signal)
    expect(asked).toEqual([[{ job }, { observe: true, signal }]])
  })
})
