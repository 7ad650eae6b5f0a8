import { createServer } from 'node:net'
import { join } from 'node:path'
import { createJobRunner } from '@agent-jobs/k8s-job-runner'
import type { ObservedEnd, RunObserver } from '@agent-jobs/metrics'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeTerminal } from '../../test/fake-terminal.ts'
import { startStandInCluster, type StandInCluster } from '../../test/stand-in-cluster.ts'
import { agentNamed } from '../agents/agents.ts'
import { runCli } from '../run-cli.ts'
import { countRuns } from './count-runs.ts'

let cluster: StandInCluster
beforeAll(async () => {
  cluster = await startStandInCluster()
})
afterAll(() => cluster[Symbol.asyncDispose]())

async function run(prompt: string, ...more: string[]) {
  const terminal = fakeTerminal({ env: cluster.env })
  await runCli(cluster.args('--prompt', prompt, '--json', ...more), terminal)
  return JSON.parse(terminal.stdout()) as { job: string; errorCode: string | null }
}

/** Counts for as long as a test needs it. */
function counting() {
  const ends: ObservedEnd[] = []
  const problems: string[] = []
  let left = 0
  let awaited: { count: number; done: () => void } | null = null
  const metrics: RunObserver = {
    begin: () => ({
      waiting: () => undefined,
      gap: () => undefined,
      cleanedUp: () => undefined,
      left: () => void (left += 1),
      async ended(end) {
        ends.push(end)
        if (awaited !== null && ends.length >= awaited.count) awaited.done()
      },
    }),
  }
  const stop = new AbortController()
  const ended = countRuns({
    client: cluster.client,
    namespace: 'agents',
    runner: (namespace) => createJobRunner({ client: cluster.client, namespace }),
    metrics,
    agentNamed,
    now: () => performance.now(),
    onError: (message) => void problems.push(message),
    signal: stop.signal,
  })
  return {
    ends,
    problems,
    left: () => left,
    arrived: (count: number) =>
      new Promise<void>((done) => {
        awaited = { count, done }
        if (ends.length >= count) done()
      }),
    async stop() {
      stop.abort()
      await ended
    },
  }
}

describe('counting runs without Paperclip', () => {
  it('counts each run once, with its outcome and its tokens, also when its Job is removed at its end', async () => {
    const counted = counting()
    const kept = await run('hello', '--keep')
    await counted.arrived(1)
    const limited = await run('limit')
    await counted.arrived(2)
    const crashed = await run('crash')
    await counted.arrived(3)
    await counted.stop()
    expect(counted.problems).toEqual([])
    expect(counted.ends.map(({ errorCode }) => errorCode)).toEqual([
      kept.errorCode,
      limited.errorCode,
      crashed.errorCode,
    ])
    expect(counted.ends[0]).toMatchObject({ outcome: 'succeeded', model: 'opus', phases: { run: expect.any(Number) } })
    expect(new Set(counted.ends.map(({ id }) => id)).size).toBe(3)
    expect(counted.left()).toBe(3)
  })

  it('counts a run that ended before, without times, and leaves one alone that goes on', async () => {
    const { job } = await run('hello', '--keep')
    const submitted = fakeTerminal({ env: cluster.env })
    await runCli(cluster.args('--prompt', 'wait', '-d'), submitted)
    const counted = counting()
    // The Jobs of the tests before are kept as well.
    await counted.arrived(1)
    await counted.stop()
    expect(counted.ends[0]).toMatchObject({ outcome: 'succeeded', phases: {} })
    const listed = fakeTerminal({ env: cluster.env })
    await runCli(['ps', '-n', 'agents', '-o', 'name'], listed)
    expect(listed.stdout()).toContain(job)
    expect(listed.stdout()).toContain(submitted.stdout().trim())
    await runCli(
      ['cancel', '-n', 'agents', submitted.stdout().trim(), '--grace', '1s'],
      fakeTerminal({ env: cluster.env }),
    )
  })
})

describe('agent-jobs metrics', () => {
  const metrics = (...args: string[]) => {
    const terminal = fakeTerminal({ env: cluster.env })
    return { terminal, code: runCli(['metrics', '-n', 'agents', ...args], terminal) }
  }

  it('serves them on loopback until a signal arrives', async () => {
    const { terminal, code } = metrics('--port', '0', '--json', '--state', join(cluster.folder, 'totals.json'))
    await terminal.shown('\n', 'out')
    const { url } = JSON.parse(terminal.stdout()) as { url: string }
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/metrics$/)
    const text = await fetch(url).then((response) => response.text())
    expect(text).toContain('# TYPE agent_jobs_runs_total counter')
    await terminal.listening
    terminal.press('SIGINT')
    expect(await code).toBe(0)
  })

  it('says that its port is taken', async () => {
    const listening = Promise.withResolvers<void>()
    const taken = createServer().listen(0, '127.0.0.1', listening.resolve)
    await listening.promise
    const address = taken.address()
    const { terminal, code } = metrics('--port', String(typeof address === 'object' ? address?.port : 0))
    expect(await code).toBe(1)
    expect(terminal.stderr()).toContain('is taken')
    taken.close()
  })
})
