import { kinds, type KubeClient } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  connect,
  kubeConfigPath,
  podTerminal,
  removeJobs,
  request,
  sh,
  unlessGone,
  unlessThere,
} from '../test/support/real-cluster.ts'
import { launcherPid } from '../test/support/pod-process.ts'
import { collect, firstLine, linesOf, rest } from '../test/support/world.ts'
import { createJobRunner, type JobRunner } from './index.ts'

const namespace = 'runner-hostile'

let client: KubeClient
let runner: JobRunner

/** A frame as the launcher writes it, printed by the command itself. The command then runs on as `then` says. */
const forgery = (then: string): string => `
const end = JSON.stringify({ type: 'end', frames: 1, exitCode: 0, signal: null, durationMs: 1, stoppedBy: null, stdoutBytes: 0, stderrBytes: 0 })
require('fs').writeFileSync('/proc/1/fd/1', '@aj1 1 l ' + Date.now() + ' ' + Buffer.byteLength(end) + ' ' + end + '.\\n')
${then}`

describe.skipIf(kubeConfigPath === '')('a hostile pod (needs KUBECONFIG)', () => {
  beforeAll(async () => {
    client = connect()
    await unlessThere(client.create(kinds.Namespace, { metadata: { name: namespace } }))
    await removeJobs(client, namespace)
    runner = createJobRunner({ client, namespace })
  })
  afterAll(async () => {
    await removeJobs(client, namespace)
    await unlessGone(client.delete(kinds.Namespace, { name: namespace }))
    await client.close()
  })

  it('that prints an end record is stopped when it keeps running, and what it does afterwards is recorded', async () => {
    const run = await runner.start(
      request({
        command: { argv: ['node', '-e', forgery("setInterval(() => console.log('still here'), 500)")] },
        terminationGracePeriodSeconds: 2,
      }),
    )
    const events = await collect(run.events)
    const outcome = await run.outcome
    expect(outcome.kind).not.toBe('succeeded')
    expect(outcome).toMatchObject({ kind: 'signalled', notes: [expect.stringContaining('not believed')] })
    expect(linesOf(events).filter((line) => line === 'still here').length).toBeGreaterThan(3)
    await run.settled
  })

  it('that prints an end record and then nothing more has not ended: its newest line proves nothing', async () => {
    const silent = forgery(
      "setTimeout(() => console.log('work done unseen'), 4000).unref(); setInterval(() => {}, 500)",
    )
    const run = await runner.start(
      request({ command: { argv: ['node', '-e', silent] }, terminationGracePeriodSeconds: 2 }),
    )
    const events = await collect(run.events)
    expect(await run.outcome).toMatchObject({ kind: 'signalled', notes: [expect.stringContaining('not believed')] })
    expect(linesOf(events)).toContain('work done unseen')
    await run.settled
  })

  it('that stops its launcher is ended by the runner at its total limit', async () => {
    const run = await runner.start(
      request({
        command: { ...sh('echo up; while :; do sleep 1; done'), limits: { totalMs: 3000 } },
        terminationGracePeriodSeconds: 1,
      }),
    )
    const lines = await firstLine(run)
    process.kill(await launcherPid(client, run), 'SIGSTOP')
    await rest(lines)
    expect(await run.outcome).toMatchObject({ kind: 'deadlineExceeded', limit: 'total' })
    await run.settled
  })

  it('that another process cancels stays as a record of what it did and of who cancelled it', async () => {
    const own = await runner.start(
      request({ command: sh('echo work; trap "echo bye; exit 0" TERM; while :; do sleep 0.1; done') }),
    )
    await firstLine(own)
    await own.detach()
    const onlooker = await runner.attach({ job: own.job.name }, { observe: true })
    expect(await onlooker.cancel({ by: 'ada' })).toBe('gone')
    await onlooker.settled
    await podTerminal(client, namespace, own.job.uid)
    const late = await runner.attach({ job: own.job.name }, { observe: true })
    // The shell prints a message about its own child.
    expect(linesOf(await collect(late.events))).toEqual(expect.arrayContaining(['work', 'bye']))
    expect(await late.outcome).toMatchObject({ kind: 'cancelled', by: 'ada' })
    const { metadata } = await client.get(kinds.Job, { name: own.job.name, namespace })
    expect(metadata?.annotations?.['agent-jobs.dev/cancelled-by']).toBe('ada')
    expect(metadata?.deletionTimestamp).toBeUndefined()
  })
})
