import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kinds, type KubeClient } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from './run-cli.ts'
import { fakeTerminal } from './testing/fake-terminal.ts'
import { startStandInCluster, type StandInCluster } from './testing/stand-in-cluster.ts'

let cluster: StandInCluster
let client: KubeClient
let folder = ''
beforeAll(async () => {
  cluster = await startStandInCluster()
  ;({ client, folder } = cluster)
  await writeFile(join(folder, 'prompt.txt'), 'from a file')
})
afterAll(() => cluster[Symbol.asyncDispose]())

const args = (...more: string[]): string[] => cluster.args(...more)
const terminalOf = (stdin: string[] = []): ReturnType<typeof fakeTerminal> => fakeTerminal({ stdin, env: cluster.env })
const jobs = async (): Promise<string[]> => {
  const { items } = await client.list(kinds.Job, { namespace: 'agents' })
  return items.map((job) => job.metadata?.name ?? '')
}

describe('agent-jobs run', () => {
  it('runs the agent, prints one JSON object, and removes what it made', async () => {
    const terminal = terminalOf()
    expect(await runCli(args('--prompt', 'hello', '--env', 'GIVEN=a value', '--json'), terminal)).toBe(0)
    const report: Record<string, unknown> = JSON.parse(terminal.stdout())
    expect(report).toMatchObject({
      job: expect.stringMatching(/^claude-[0-9a-f]{12}$/),
      pod: expect.stringContaining('claude-'),
      node: 'mini-kube',
      outcome: 'succeeded',
      exitCode: 0,
      sessionId: 's-1',
      model: 'opus',
      summary: 'hello a value',
      errorCode: null,
      timings: {
        submittedMs: expect.any(Number),
        runningMs: expect.any(Number),
        firstLineMs: expect.any(Number),
        endedMs: expect.any(Number),
      },
    })
    expect(terminal.stderr()).toContain('✔ succeeded')
    expect(await jobs()).toEqual([])
    expect((await client.list(kinds.Secret, { namespace: 'agents' })).items).toEqual([])
  })

  it('is for reading without --json', async () => {
    const terminal = terminalOf()
    expect(await runCli(args('--prompt', 'hello'), terminal)).toBe(0)
    expect(terminal.stdout()).toMatch(/● submitted claude-\w+[\s\S]*session s-1 · model opus[\s\S]*✔ succeeded/)
    expect(terminal.stderr()).toBe('')
  })

  it.each([
    ['a file', ['--prompt-file', 'prompt.txt'], 'from a file '],
    ['standard input', ['--prompt-file', '-'], 'from standard input '],
  ])('takes the prompt from %s', async (_what, [option = '', file = ''], summary) => {
    const terminal = terminalOf(['from standard', ' input'])
    await runCli(args(option, file === '-' ? file : join(folder, file), '--json'), terminal)
    expect(JSON.parse(terminal.stdout())).toMatchObject({ summary })
  })

  it('keeps the Job where it is told to', async () => {
    const terminal = terminalOf()
    await runCli(args('--prompt', 'hello', '--keep', '--json'), terminal)
    const { job }: { job: string } = JSON.parse(terminal.stdout())
    expect(await jobs()).toContain(job)
    await client.delete(kinds.Job, { name: job, namespace: 'agents', propagationPolicy: 'Background' })
  })

  it('fails with the verdict of the agent', async () => {
    const terminal = terminalOf()
    expect(await runCli(args('--prompt', 'limit', '--json'), terminal)).toBe(1)
    expect(JSON.parse(terminal.stdout())).toMatchObject({ outcome: 'exited', exitCode: 1, errorCode: 'rate_limited' })
  })

  it('fails with the last words of an agent that broke', async () => {
    const terminal = terminalOf()
    expect(await runCli(args('--prompt', 'crash', '--json'), terminal)).toBe(1)
    expect(JSON.parse(terminal.stdout())).toMatchObject({
      outcome: 'exited',
      exitCode: 3,
      errorCode: expect.any(String),
    })
    expect(terminal.stderr()).toContain('· it broke')
  })

  it('says which image could not be had', async () => {
    const terminal = terminalOf()
    expect(
      await runCli(['run', '--namespace', 'agents', '--image', 'Not/Valid', '--prompt', 'hello', '--json'], terminal),
    ).toBeGreaterThan(0)
    const report: { errorCode: string; errorMessage: string } = JSON.parse(terminal.stdout())
    expect(['image_error', 'invalid_request']).toContain(report.errorCode)
    expect(report.errorMessage).toContain('mage')
  })

  it('ends the run at its time limit and says so', async () => {
    const terminal = terminalOf()
    expect(await runCli(args('--prompt', 'wait', '--timeout', '700ms', '--json'), terminal)).toBe(1)
    expect(JSON.parse(terminal.stdout())).toMatchObject({
      outcome: 'deadlineExceeded',
      errorCode: 'deadline_exceeded',
      sessionId: 's-1',
    })
  })

  it('cancels on the first Ctrl-C', async () => {
    const terminal = terminalOf()
    const run = runCli(args('--prompt', 'wait', '--json'), terminal)
    await terminal.shown('session s-1')
    terminal.press('SIGINT')
    expect(await run).toBe(1)
    expect(JSON.parse(terminal.stdout())).toMatchObject({ outcome: 'cancelled', errorCode: 'cancelled' })
    expect(terminal.stderr()).toContain('cancelling; press Ctrl-C again')
  })

  it('leaves the run alone on the second Ctrl-C', async () => {
    const terminal = terminalOf()
    const run = runCli(args('--prompt', 'stubborn', '--json'), terminal)
    await terminal.shown('session s-1')
    terminal.press('SIGINT')
    await terminal.shown('cancelling')
    terminal.press('SIGINT')
    expect(await run).toBe(1)
    const report: { job: string } = JSON.parse(terminal.stdout())
    expect(report).toMatchObject({ outcome: 'detached', errorCode: 'detached' })
    await client.delete(kinds.Job, { name: report.job, namespace: 'agents', propagationPolicy: 'Foreground' })
  })

  it('leaves the run alone on SIGTERM', async () => {
    const terminal = terminalOf()
    const run = runCli(args('--prompt', 'wait', '--json'), terminal)
    await terminal.shown('session s-1')
    terminal.press('SIGTERM')
    expect(await run).toBe(1)
    const report: { job: string } = JSON.parse(terminal.stdout())
    expect(report).toMatchObject({ outcome: 'detached', errorCode: 'detached' })
    expect(await jobs()).toContain(report.job)
    expect((await client.list(kinds.Secret, { namespace: 'agents' })).items).toHaveLength(1)
    await client.delete(kinds.Job, { name: report.job, namespace: 'agents', propagationPolicy: 'Foreground' })
  })

  it('refuses a second run of a key that is at work', async () => {
    const [first, second] = [terminalOf(), terminalOf()]
    const run = runCli(args('--prompt', 'wait', '--key', 'mine', '--json'), first)
    await first.shown('session s-1')
    expect(await runCli(args('--prompt', 'hello', '--key', 'mine', '--json'), second)).toBe(1)
    expect(JSON.parse(second.stdout())).toMatchObject({ job: null, outcome: 'notStarted', errorCode: 'key_busy' })
    first.press('SIGINT')
    await run
  })

  it.each([
    ['no image', ['run', '--prompt', 'x'], "required option '--image <name>'"],
    ['no prompt', ['run', '--image', 'x'], 'There is no prompt'],
    ['an empty prompt', ['run', '--image', 'x', '--prompt', ' '], 'The prompt is empty'],
    ['two prompts', ['run', '--image', 'x', '--prompt', 'a', '--prompt-file', 'b'], 'cannot be used with'],
    ['a bad variable', ['run', '--image', 'x', '--prompt', 'a', '--env', 'nothing'], 'Expected NAME=VALUE'],
    ['a bad span', ['run', '--image', 'x', '--prompt', 'a', '--timeout', 'soon'], 'Expected a span'],
  ])('ends with 2 on %s', async (_what, argv, words) => {
    const terminal = terminalOf()
    expect(await runCli(argv, terminal)).toBe(2)
    expect(terminal.stderr()).toContain(words)
    expect(terminal.stdout()).toBe('')
  })

  it('ends with 1 when there is no cluster', async () => {
    const terminal = fakeTerminal({ env: { KUBECONFIG: join(folder, 'absent') } })
    expect(await runCli(args('--prompt', 'x'), terminal)).toBe(1)
    expect(terminal.stderr()).toMatch(/^error: Cannot read the kubeconfig/)
  })
})
