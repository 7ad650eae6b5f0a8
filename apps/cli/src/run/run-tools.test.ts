import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../run-cli.ts'
import { fakeTerminal, type FakeTerminal } from '../../test/fake-terminal.ts'
import { startStandInCluster, type StandInCluster } from '../../test/stand-in-cluster.ts'

let cluster: StandInCluster
beforeAll(async () => {
  cluster = await startStandInCluster()
})
afterAll(() => cluster[Symbol.asyncDispose]())

const open = (): FakeTerminal => fakeTerminal({ env: cluster.env })
async function agentJobs(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = open()
  const code = await runCli([...args, '--namespace', 'agents'], terminal)
  return { code, out: terminal.stdout(), err: terminal.stderr() }
}

/** A run that goes on without anybody following it. */
async function abandonedRun(prompt: string): Promise<string> {
  const terminal = open()
  const run = runCli(cluster.args('--prompt', prompt, '--key', prompt, '--json'), terminal)
  await terminal.shown('session s-1')
  terminal.press('SIGTERM')
  await run
  const { job }: { job: string } = JSON.parse(terminal.stdout())
  return job
}

async function finishedRun(prompt: string): Promise<string> {
  const terminal = open()
  await runCli(cluster.args('--prompt', prompt, '--keep', '--json'), terminal)
  const { job }: { job: string } = JSON.parse(terminal.stdout())
  return job
}

describe('agent-jobs ps, logs, cancel, reap', () => {
  it('reports that there are no runs', async () => {
    expect(await agentJobs('ps')).toEqual({ code: 0, out: '', err: 'No runs in namespace agents.\n' })
    expect(await agentJobs('ps', '-l', 'a=b')).toMatchObject({
      err: 'No runs with the labels a=b in namespace agents.\n',
    })
    expect(await agentJobs('ps', '--json')).toEqual({ code: 0, out: '', err: '' })
  })

  it('reports a missing namespace, and why labels are refused', async () => {
    for (const command of ['ps', 'reap']) {
      const terminal = open()
      expect(await runCli([command, '-n', 'absent'], terminal)).toBe(1)
      expect(terminal.stderr()).toMatch(
        /^error: Namespace absent not found at http:\/\/127\.0\.0\.1:\d+\. Create it with `kubectl create namespace absent`, or pass another/,
      )
    }
    expect(await agentJobs('ps', '-l', 'a=b=c')).toMatchObject({
      code: 2,
      err: expect.stringContaining('refuses the labels a=b=c'),
    })
  })

  it('lists a run, lets another command observe it, cancels it, and tells the observer', async () => {
    const job = await abandonedRun('wait')
    const { out } = await agentJobs('ps')
    expect(out).toMatch(/^JOB +AGENT +STATE +REASON +DURATION +AGE\n/)
    expect(out).toMatch(new RegExp(`^${job} +claude +running +- +\\d+s +\\d+s$`, 'm'))
    expect(JSON.parse((await agentJobs('ps', '--json')).out)).toMatchObject({ job, agent: 'claude', key: 'wait' })

    const onlooker = open()
    const looking = runCli(['logs', '-f', job, '--namespace', 'agents'], onlooker)
    await onlooker.shown('session s-1', 'out')
    expect(await agentJobs('cancel', job, '--by', 'the night shift', '--grace', '1s')).toMatchObject({
      code: 0,
      out: `${job} has stopped\n`,
    })
    expect(await looking).toBe(1)
    expect(onlooker.stdout()).toMatch(/● looking at [\s\S]*✘ cancelled[^\n]*the night shift/)
    // Its record stays and names who cancelled it.
    expect(JSON.parse((await agentJobs('ps', '--json')).out)).toMatchObject({
      state: 'cancelled',
      cancelledBy: 'the night shift',
    })
    expect((await cluster.client.list(kinds.Secret, { namespace: 'agents' })).items).toEqual([])
    await cluster.client.delete(kinds.Job, { name: job, namespace: 'agents', propagationPolicy: 'Foreground' })
  })

  it.each([
    ['the transcript', [], 'out'],
    ['raw lines', ['--raw'], 'out'],
  ] as const)('leaves the run alone on Ctrl-C while it shows %s', async (_what, options, stream) => {
    const job = await abandonedRun('wait')
    const terminal = open()
    const looking = runCli(['logs', '-f', job, '--namespace', 'agents', ...options], terminal)
    await terminal.shown('s-1', stream)
    terminal.press('SIGINT')
    expect(await looking).toBe(130)
    const { status } = await cluster.client.get(kinds.Job, { name: job, namespace: 'agents' })
    expect(status?.active).toBe(1)
    await agentJobs('cancel', job, '--grace', '1s')
  })

  it.each([
    ['the transcript', []],
    ['raw lines', ['--raw']],
  ])('leaves the run alone silently when the reader of %s is gone', async (_what, options) => {
    const job = await abandonedRun('wait')
    const terminal = open()
    const looking = runCli(['logs', '-f', job, '--namespace', 'agents', ...options], terminal)
    await terminal.shown('s-1', 'out')
    terminal.closeOut()
    expect(await looking).toBe(0)
    expect(terminal.stderr()).toBe('')
    const { status } = await cluster.client.get(kinds.Job, { name: job, namespace: 'agents' })
    expect(status?.active).toBe(1)
    await agentJobs('cancel', job, '--grace', '1s')
  })

  it('shows a run that has ended, for a person and as it was printed, and removes nothing', async () => {
    const job = await finishedRun('hello')
    expect(await agentJobs('logs', job)).toMatchObject({ code: 0, out: expect.stringContaining('✔ succeeded') })
    const raw = await agentJobs('logs', job, '--raw')
    expect(raw.code).toBe(0)
    expect(
      raw.out
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).type),
    ).toEqual(['system', 'result'])
    expect((await agentJobs('ps')).out).toContain(job)
    expect(await agentJobs('logs', await finishedRun('crash'), '--raw')).toMatchObject({
      code: 1,
      err: expect.stringMatching(/^it broke\nexited: /),
    })
  })

  it('shows raw lines unchanged in a pipe, and without control characters on a terminal', async () => {
    const job = await finishedRun('hostile')
    const shown = async (terminal: FakeTerminal, ...options: string[]): Promise<string> => {
      await runCli(['logs', '-f', job, '--namespace', 'agents', ...options], terminal)
      return terminal.stdout()
    }
    const hostile = '\u001b]0;title\u0007\u009b2J\u202ehostile\n'
    expect(await shown(open(), '--raw')).toContain(hostile)
    expect(await shown(fakeTerminal({ env: cluster.env, columns: 80 }), '--raw')).toContain('\n2Jhostile\n')
    for (const options of [['--json'], []]) {
      const terminal = open()
      await shown(terminal, ...options)
      // oxlint-disable-next-line no-control-regex -- control characters are what this is about
      expect(terminal.stdout() + terminal.stderr()).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202e]/)
    }
  })

  it('shows raw lines of a run until its end, and leaves its Job in place', async () => {
    const submitted = open()
    expect(await runCli(cluster.args('--prompt', 'hello', '--detach'), submitted)).toBe(0)
    const job = submitted.stdout().trim()
    expect(await agentJobs('logs', '-f', job, '--raw')).toMatchObject({
      code: 0,
      out: expect.stringContaining('"result"'),
    })
    const { metadata } = await cluster.client.get(kinds.Job, { name: job, namespace: 'agents' })
    expect(metadata?.deletionTimestamp).toBeUndefined()
    await cluster.client.delete(kinds.Job, { name: job, namespace: 'agents', propagationPolicy: 'Foreground' })
  })

  it('repeats no control character of an invalid argument', async () => {
    const { code, err } = await agentJobs('logs', 'x\u001b[2J\u202e')
    expect(code).toBe(2)
    // oxlint-disable-next-line no-control-regex -- control characters are what this is about
    expect(err).not.toMatch(/[\u001b\u202e]/)
  })

  it('cancels several runs at once, and reports the outcome of each', async () => {
    const [one, two] = [await abandonedRun('wait'), await abandonedRun('wait a second')]
    const { code, out, err } = await agentJobs('cancel', one, 'absent', 'away', two, '--grace', '1s', '--json')
    expect(code).toBe(1)
    const verdicts = out
      .trim()
      .split('\n')
      .map((line): unknown => JSON.parse(line))
    expect(verdicts).toHaveLength(4)
    for (const job of ['absent', 'away']) {
      expect(verdicts).toContainEqual({ job, error: expect.objectContaining({ code: 'job_not_found' }) })
    }
    for (const job of [one, two]) expect(verdicts).toContainEqual({ job, verdict: 'gone' })
    expect(err.trim().split('\n').toSorted()).toEqual([
      expect.stringContaining('no Job absent'),
      expect.stringContaining('no Job away'),
    ])
  })

  it('names the Job that it cannot find', async () => {
    for (const command of ['logs', 'cancel']) {
      const { code, err } = await agentJobs(command, 'absent')
      expect({ command, code, err }).toEqual({ command, code: 1, err: expect.stringContaining('no Job absent') })
    }
  })

  it('shows what could be removed, and removes it only on request', async () => {
    const job = await abandonedRun('wait')
    await cluster.client.delete(kinds.Job, { name: job, namespace: 'agents', propagationPolicy: 'Orphan' })
    const pods = await cluster.client.list(kinds.Pod, { namespace: 'agents' })
    for (const { metadata } of pods.items) {
      await cluster.client.delete(kinds.Pod, { name: metadata?.name ?? '', namespace: 'agents', gracePeriodSeconds: 0 })
    }
    const secrets = async () => (await cluster.client.list(kinds.Secret, { namespace: 'agents' })).items.length
    const young = await agentJobs('reap')
    expect(young.out).toMatch(/^kept +Secret +\S+ +\S+ +it is young$/m)
    expect(await agentJobs('reap', '--older-than', '1ms')).toMatchObject({
      code: 0,
      out: expect.stringMatching(/^would remove +Secret/m),
      err: 'Pass --yes to remove.\n',
    })
    expect(await secrets()).toBe(1)
    expect((await agentJobs('reap', '--older-than', '1ms', '--yes')).out).toMatch(/^removed +Secret/m)
    expect(await secrets()).toBe(0)
  })

  it('shows the claims of agents that Paperclip no longer has, and removes them only on request', async () => {
    const agents = new Map([['living', 200]])
    const paperclip = createServer((request, response) => {
      const { url = '', headers } = request
      const known = headers.authorization === 'Bearer board-key'
      const one = /^\/api\/agents\/(.+)$/.exec(url)?.[1]
      const status = known ? (one === undefined ? 200 : (agents.get(one) ?? 404)) : 403
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(one === undefined ? JSON.stringify([{ id: 'living' }]) : '{}')
    })
    await once(paperclip.listen(0, '127.0.0.1'), 'listening')
    const url = `http://127.0.0.1:${(paperclip.address() as AddressInfo).port}`
    for (const agent of ['living', 'gone']) {
      await cluster.client.create(
        kinds.PersistentVolumeClaim,
        {
          metadata: {
            name: `opencode-db-${agent}`,
            labels: { 'app.kubernetes.io/managed-by': 'paperclip', 'paperclip.io/pvc-type': 'agent-db' },
            annotations: { 'paperclip.io/agent-id': agent, 'paperclip.io/company-id': 'c' },
          },
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Mi' } } },
        },
        { namespace: 'agents' },
      )
    }
    const reap = async (key: string, ...args: string[]) => {
      const terminal = fakeTerminal({ env: { ...cluster.env, PAPERCLIP_API_KEY: key } })
      const common = ['reap', '--namespace', 'agents', '--paperclip', url, '--older-than', '1ms']
      await runCli([...common, ...args], terminal)
      return terminal.stdout()
    }
    try {
      expect(await reap('wrong', '--yes')).toMatch(/^kept +PersistentVolumeClaim +opencode-db-gone .*is not known$/m)
      expect(await reap('board-key')).toMatch(/^would remove +PersistentVolumeClaim +opencode-db-gone /m)
      const done = await reap('board-key', '--yes')
      expect(done).toMatch(/^removed +PersistentVolumeClaim +opencode-db-gone .*its owner gone is gone$/m)
      expect(done).toMatch(/^kept +PersistentVolumeClaim +opencode-db-living .*its owner living is there$/m)
    } finally {
      paperclip.close()
    }
    const { items } = await cluster.client.list(kinds.PersistentVolumeClaim, { namespace: 'agents' })
    expect(items.map(({ metadata }) => metadata?.name)).toEqual(['opencode-db-living'])
  })
})
