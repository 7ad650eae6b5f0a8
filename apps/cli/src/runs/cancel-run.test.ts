import { createJobRunner, type JobRunner, type RunHandle } from '@agent-jobs/k8s-job-runner'
import { kinds, type KubeClient } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeTerminal } from '../../test/fake-terminal.ts'
import { startStandInCluster, type StandInCluster } from '../../test/stand-in-cluster.ts'
import { runCli } from '../run-cli.ts'
import { cancelRun } from './cancel-run.ts'
import { findRun } from './find-run.ts'
import type { FoundRun } from './read-runs.ts'

const namespace = 'agents'
let cluster: StandInCluster
beforeAll(async () => {
  cluster = await startStandInCluster()
})
afterAll(() => cluster[Symbol.asyncDispose]())

async function living(): Promise<FoundRun> {
  const terminal = fakeTerminal({ env: cluster.env })
  await runCli(cluster.args('wait', '-d'), terminal)
  return findRun({ client: cluster.client, namespace }, terminal.stdout().trim())
}
const secretOf = async (job: string) => {
  const { items } = await cluster.client.list(kinds.Secret, { namespace })
  return items.find(({ metadata }) => metadata?.ownerReferences?.[0]?.name === job)
}
const open = (client: KubeClient = cluster.client, runner: JobRunner = createJobRunner({ client, namespace })) => ({
  client,
  namespace,
  runner,
})

describe('cancelRun', () => {
  it('stops this run only, never a later Job of the same name', async () => {
    const run = await living()
    const later = { ...run, job: { ...run.job, metadata: { ...run.job.metadata, uid: 'of-an-earlier-job' } } }
    await expect(cancelRun(open(), later, { by: 'me' })).rejects.toMatchObject({ code: 'job_not_found' })
    const { metadata } = await cluster.client.get(kinds.Job, { name: run.view.job, namespace })
    expect(metadata?.annotations?.['agent-jobs.dev/cancelled-by']).toBeUndefined()
    expect(await cancelRun(open(), run, { by: 'me', graceSeconds: 1 })).toBe('gone')
  })

  it('removes the Secret of the run with its uid as the precondition', async () => {
    const run = await living()
    const secret = await secretOf(run.view.job)
    const deletions: unknown[] = []
    const client: KubeClient = Object.create(cluster.client, {
      delete: {
        value: (...args: Parameters<KubeClient['delete']>) => {
          deletions.push({ kind: args[0].kind, ...args[1] })
          return cluster.client.delete(...args)
        },
      },
    })
    // The runner's own calls are not of interest here.
    expect(await cancelRun(open(client, open().runner), run, { by: 'me', graceSeconds: 1 })).toBe('gone')
    expect(deletions).toEqual([
      { kind: 'Secret', name: secret?.metadata?.name, namespace, preconditions: { uid: secret?.metadata?.uid } },
    ])
    expect(await secretOf(run.view.job)).toBeUndefined()
  })

  it('leaves the Secret of the next run of the key alone', async () => {
    const run = await living()
    const stopped = { key: run.view.key, job: { name: run.view.job, uid: 'of-an-earlier-run' } }
    const handle = { ...stopped, cancel: async () => 'gone', detach: async () => undefined } as unknown as RunHandle
    const runner: JobRunner = { ...open().runner, attach: async () => handle }
    expect(await cancelRun(open(cluster.client, runner), run, { by: 'me' })).toBe('gone')
    expect(await secretOf(run.view.job)).toBeDefined()
    await cancelRun(open(), run, { by: 'me', graceSeconds: 1 })
  })
})
