import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeTerminal, type FakeTerminal } from '../../test/fake-terminal.ts'
import { startStandInCluster, type StandInCluster } from '../../test/stand-in-cluster.ts'
import { runCli } from '../run-cli.ts'

let cluster: StandInCluster
let first = ''
let job = ''
beforeAll(async () => {
  cluster = await startStandInCluster()
  await keep('hello', '--key', 'mine')
  await keep('hello', '--key', 'mine')
  // The API server's times are whole seconds, so which of two counts as newer, `ps` says.
  const [newer = '', older = ''] = (await agentJobs('ps', '-o', 'name')).out.trim().split('\n')
  job = newer.slice('job/'.length)
  first = older.slice('job/'.length)
})
afterAll(() => cluster[Symbol.asyncDispose]())

async function keep(prompt: string, ...more: string[]): Promise<string> {
  const terminal = fakeTerminal({ env: cluster.env })
  await runCli(cluster.args('--prompt', prompt, '--keep', '--json', ...more), terminal)
  return (JSON.parse(terminal.stdout()) as { job: string }).job
}
async function submit(prompt: string): Promise<string> {
  const terminal = fakeTerminal({ env: cluster.env })
  await runCli(cluster.args('--prompt', prompt, '-d'), terminal)
  return terminal.stdout().trim()
}
const open = (): FakeTerminal => fakeTerminal({ env: cluster.env })
async function agentJobs(command: string, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = open()
  const code = await runCli([command, '-n', 'agents', ...args], terminal)
  return { code, out: terminal.stdout(), err: terminal.stderr() }
}

describe('agent-jobs logs', () => {
  it('shows the newest run where none is named, and takes names as kubectl writes them', async () => {
    for (const name of [[], [job], [`job/${job}`], [`job.batch/${job}`]]) {
      expect(await agentJobs('logs', ...name)).toMatchObject({
        code: 0,
        out: expect.stringContaining(`looking at ${job}`),
      })
    }
  })

  it('shows how long the run took, not how long it took to show it', async () => {
    const report = JSON.parse((await agentJobs('logs', '--json')).out) as { durationMs: number; timings: object }
    const { durationMs } = JSON.parse((await agentJobs('ps', '-o', 'json')).out.split('\n')[0] ?? '') as {
      durationMs: number
    }
    expect(report.durationMs).toBeLessThanOrEqual(durationMs + 1000)
    expect(report.timings).toEqual({ submittedMs: null, runningMs: null, firstLineMs: null, endedMs: null })
  })

  it('shows the last lines with --tail, and the time of each with --timestamps', async () => {
    const all = (await agentJobs('logs', '--raw')).out.trim().split('\n')
    expect(all).toHaveLength(2)
    expect((await agentJobs('logs', '--raw', '--tail', '1')).out.trim()).toBe(all[1])
    expect((await agentJobs('logs', '--raw', '--tail', '0')).out).toBe('')
    expect((await agentJobs('logs', '--raw', '--timestamps', '--tail', '1')).out).toMatch(
      /^\d{4}-\d\d-\d\dT[\d:.]+Z \{"session_id"/,
    )
    expect((await agentJobs('logs', '--timestamps')).out).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z +session s-1/m)
  })

  it('shows only newer lines with --since', async () => {
    expect((await agentJobs('logs', '--raw', '--since', '1h')).out).toContain('"result"')
    expect((await agentJobs('logs', '--raw', '--since', '1ms')).out).toBe('')
  })

  it('shows the run before with --previous', async () => {
    expect((await agentJobs('logs', '--previous')).out).toContain(`looking at ${first}`)
    expect(await agentJobs('logs', first, '--previous')).toMatchObject({
      code: 1,
      err: expect.stringContaining(`No run before ${first} with its key mine`),
    })
  })

  it.each([[], ['--raw']])('ends where the output of a living run ends now, without -f: %j', async (...options) => {
    const living = await submit('wait')
    const seen = open()
    const following = runCli(['logs', '-n', 'agents', '-f', '--raw', living], seen)
    await seen.shown('"init"', 'out')
    const { code, out } = await agentJobs('logs', living, ...options)
    expect(code).toBe(0)
    expect(out).toContain('s-1')
    const { metadata, status } = await cluster.client.get(kinds.Job, { name: living, namespace: 'agents' })
    expect([status?.active, metadata?.deletionTimestamp]).toEqual([1, undefined])
    await agentJobs('cancel', living, '--grace', '1s')
    await following
    await cluster.client.delete(kinds.Job, { name: living, namespace: 'agents', propagationPolicy: 'Foreground' })
  })

  it('suggests the intended run for a typo', async () => {
    const typo = `${job.slice(0, -1)}x`
    for (const command of ['logs', 'describe', 'wait', 'shell']) {
      expect(await agentJobs(command, typo)).toMatchObject({
        code: 1,
        err: expect.stringMatching(`no Job ${typo} in the namespace agents. Did you mean`),
      })
    }
  })

  it('names the Job, not its labels, when the Job does not exist', async () => {
    const { code, out } = await agentJobs('logs', 'absent', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(out)).toMatchObject({ error: { code: 'job_not_found' } })
  })

  it('reports that there are no runs', async () => {
    const terminal = open()
    expect(await runCli(['logs'], terminal)).toBe(1)
    expect(terminal.stderr()).toContain('No runs in namespace default')
  })
})

describe('agent-jobs describe', () => {
  it('shows state, image, lock, usage and a timeline', async () => {
    const { code, out } = await agentJobs('describe', job)
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`^${job} succeeded\n`))
    for (const text of [
      'image     agent:1',
      'session   s-1',
      'key       mine (lock run-key-mine-',
      'timeline',
      'submitted',
      'container started',
      'container ended with 0',
    ]) {
      expect(out).toContain(text)
    }
  })

  it('is one JSON object with --json', async () => {
    const description = JSON.parse((await agentJobs('describe', '--json')).out) as { timeline: { at: string }[] }
    expect(description).toMatchObject({ job, state: 'succeeded', session: 's-1', waitsFor: null })
    const times = description.timeline.map(({ at }) => at)
    expect(times).toEqual(times.toSorted())
  })

  it('shows why a run waits and what to do', async () => {
    const terminal = open()
    await runCli(['run', '-n', 'agents', '--image', 'registry.invalid/absent:1', '-p', 'hello', '-d'], terminal)
    const waiting = terminal.stdout().trim()
    const seen = open()
    const watching = runCli(['ps', '-n', 'agents', '-w'], seen)
    await seen.shown(`${waiting}  pending  ImagePullBackOff`, 'out')
    seen.press('SIGINT')
    await watching
    const { out } = await agentJobs('describe', waiting)
    expect(out).toMatch(
      /pending \((?:ErrImagePull|ImagePullBackOff)\)\n +! The node cannot pull the image\. Check --image/,
    )
    expect(await agentJobs('logs', waiting)).toMatchObject({
      code: 0,
      err: expect.stringMatching(/has printed nothing yet: it is pending \((?:ErrImagePull|ImagePullBackOff)\)/),
    })
    expect(await agentJobs('exec', waiting, '--', 'ls')).toMatchObject({
      code: 1,
      err: expect.stringContaining('needs a running pod'),
    })
    expect((await agentJobs('cancel', '--all')).out).toContain(`${waiting} has stopped`)
  })
})

describe('agent-jobs wait', () => {
  it('ends with 0 for a run that succeeded and with the exit code of one that failed', async () => {
    expect(await agentJobs('wait', job)).toEqual({ code: 0, out: `✔ ${job} succeeded\n`, err: '' })
    const failed = await keep('crash')
    const { code, out } = await agentJobs('wait', job, failed, '--json')
    expect(code).toBe(3)
    expect(
      out
        .trim()
        .split('\n')
        .map((line): unknown => JSON.parse(line)),
    ).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ job, outcome: 'succeeded' }),
        expect.objectContaining({ job: failed, outcome: 'exited', exitCode: 3 }),
      ]),
    )
  })

  it('waits for a run that goes on, and leaves it alone after --timeout', async () => {
    const living = await submit('wait')
    expect(await agentJobs('wait', living, '--timeout', '300ms')).toEqual({
      code: 124,
      out: '',
      err: `${living} has not ended in time; it goes on.\n`,
    })
    const waiting = agentJobs('wait', living)
    await agentJobs('cancel', living, '--grace', '1s', '--by', 'me')
    expect(await waiting).toMatchObject({ code: expect.any(Number), out: expect.stringContaining('cancelled') })
  })
})

describe('agent-jobs cancel', () => {
  it('leaves a run that has ended as it is', async () => {
    expect(await agentJobs('cancel', job)).toEqual({ code: 0, out: `${job} had ended before\n`, err: '' })
    expect(JSON.parse((await agentJobs('describe', job, '--json')).out)).toMatchObject({
      state: 'succeeded',
      cancelledBy: null,
    })
  })

  it('cancels the runs with the labels, and no others', async () => {
    const living = await submit('wait')
    expect((await agentJobs('cancel', '-l', 'a=b')).err).toContain('No runs to cancel in namespace')
    expect((await agentJobs('cancel', '-l', 'app.kubernetes.io/name=claude', '--grace', '1s')).out).toBe(
      `${living} has stopped\n`,
    )
  })

  it.each([[], ['--all', 'job-1'], ['--all', '-l', 'a=b']])('wants to be told which runs: %j', async (...args) => {
    expect(await agentJobs('cancel', ...args)).toMatchObject({
      code: 2,
      err: expect.stringContaining('Name Jobs, or pass --selector'),
    })
  })
})

describe('agent-jobs cp and top', () => {
  it('requires exactly one path in a pod', async () => {
    expect(await agentJobs('cp', 'a', 'b')).toMatchObject({
      code: 2,
      err: expect.stringContaining('One of the two must be JOB:PATH'),
    })
    expect((await agentJobs('cp', 'x:/a', 'y:/b')).code).toBe(2)
  })

  it('reports that no run is active', async () => {
    expect(await agentJobs('top')).toEqual({
      code: 0,
      out: '',
      err: 'No run is in progress in the namespace agents.\n',
    })
  })
})
