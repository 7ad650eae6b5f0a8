import { codexAgent } from '@agent-jobs/adapter-codex-k8s/agent'
import { opencodeAgent } from '@agent-jobs/adapter-opencode-k8s/agent'
import { randomBytes } from 'node:crypto'
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kinds, type KubeClient } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { agentArguments } from '../run/agent-options.ts'
import { runCli } from '../run-cli.ts'
import { fakeTerminal } from '../../test/fake-terminal.ts'
import { startStandInCluster, type StandInCluster } from '../../test/stand-in-cluster.ts'

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

  it('takes a variable from its own environment, and variables from a file, out of sight of other users', async () => {
    const file = join(folder, 'variables')
    await writeFile(file, '# a comment\nGIVEN=from a file\n')
    const terminal = fakeTerminal({ env: { ...cluster.env, GIVEN: 'from here' } })
    expect(await runCli(args('-p', 'hello', '-e', 'GIVEN', '--json'), terminal)).toBe(0)
    expect(JSON.parse(terminal.stdout())).toMatchObject({ summary: 'hello from here' })
    const other = terminalOf()
    expect(await runCli(args('-p', 'hello', '--env-file', file, '--json'), other)).toBe(0)
    expect(JSON.parse(other.stdout())).toMatchObject({ summary: 'hello from a file' })
  })

  it('submits a run and leaves it alone with --detach', async () => {
    const terminal = terminalOf()
    expect(await runCli(args('--prompt', 'hello', '--detach'), terminal)).toBe(0)
    const job = terminal.stdout().trim()
    expect(job).toMatch(/^claude-[0-9a-f]{12}$/)
    expect(terminal.stderr()).toContain(`agent-jobs logs ${job} --namespace agents`)
    const onlooker = terminalOf()
    expect(await runCli(['logs', job, '--namespace', 'agents', '--json'], onlooker)).toBe(0)
    expect(JSON.parse(onlooker.stdout())).toMatchObject({ job, outcome: 'succeeded', sessionId: 's-1' })
    expect(onlooker.stderr()).toContain('✔ succeeded')
    await client.delete(kinds.Job, { name: job, namespace: 'agents', propagationPolicy: 'Foreground' })
  })

  it('says in one object that a run was submitted, and why one was not', async () => {
    const [first, second] = [terminalOf(), terminalOf()]
    const detached = args('--prompt', 'wait', '--key', 'one', '--detach', '--json')
    expect(await runCli(detached, first)).toBe(0)
    const report: { job: string } = JSON.parse(first.stdout())
    expect(report).toMatchObject({ outcome: 'submitted', usage: null, errorCode: null })
    expect(await runCli(detached, second)).toBe(1)
    expect(JSON.parse(second.stdout())).toMatchObject({ job: null, outcome: 'notStarted', errorCode: 'run_locked' })
    await client.delete(kinds.Job, { name: report.job, namespace: 'agents', propagationPolicy: 'Foreground' })
  })

  it('shows with --dry-run what it would make, no secret in it, and makes nothing', async () => {
    const terminal = fakeTerminal({ env: { KEY: 'sk-secret' } })
    const more = ['-p', 'only the agent may read this', '-e', 'KEY', '--cpu', '2', '--dry-run']
    // What the tests before this one made may still be going.
    const before = await jobs()
    expect(await runCli(args(...more), terminal)).toBe(0)
    const [secret, job] = parseAllDocuments(terminal.stdout()).map((document): unknown => document.toJS())
    expect(secret).toMatchObject({ kind: 'Secret', metadata: { namespace: 'agents' } })
    expect(job).toMatchObject({
      kind: 'Job',
      spec: { template: { spec: { containers: [{ image: 'agent:1', resources: { requests: { cpu: '2' } } }] } } },
    })
    expect(terminal.stdout()).toMatch(/KEY: \(hidden\)/)
    expect(terminal.stdout()).not.toMatch(/sk-secret|only the agent/)
    expect((await jobs()).filter((name) => !before.includes(name))).toEqual([])
  })

  it('is readable text without --json', async () => {
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

  it('keeps the Job with --keep', async () => {
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

  it('names the image that could not be pulled', async () => {
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
    expect(await run).toBe(130)
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
    expect(await run).toBe(130)
    const report: { job: string } = JSON.parse(terminal.stdout())
    expect(report).toMatchObject({ outcome: 'detached', errorCode: 'detached' })
    await client.delete(kinds.Job, { name: report.job, namespace: 'agents', propagationPolicy: 'Foreground' })
  })

  it('leaves the run alone on SIGTERM', async () => {
    const terminal = terminalOf()
    const run = runCli(args('--prompt', 'wait', '--json'), terminal)
    await terminal.shown('session s-1')
    terminal.press('SIGTERM')
    expect(await run).toBe(143)
    const report: { job: string } = JSON.parse(terminal.stdout())
    expect(report).toMatchObject({ outcome: 'detached', errorCode: 'detached' })
    expect(await jobs()).toContain(report.job)
    expect((await client.list(kinds.Secret, { namespace: 'agents' })).items).toHaveLength(1)
    await client.delete(kinds.Job, { name: report.job, namespace: 'agents', propagationPolicy: 'Foreground' })
  })

  it('refuses a second run of a key that is in use', async () => {
    const [first, second] = [terminalOf(), terminalOf()]
    const run = runCli(args('--prompt', 'wait', '--key', 'mine', '--json'), first)
    await first.shown('session s-1')
    expect(await runCli(args('--prompt', 'hello', '--key', 'mine', '--json'), second)).toBe(1)
    expect(JSON.parse(second.stdout())).toMatchObject({ job: null, outcome: 'notStarted', errorCode: 'run_locked' })
    first.press('SIGINT')
    await run
  })

  it.each([
    ['no prompt', ['run', '--image', 'x'], 'No prompt given'],
    ['an empty prompt', ['run', '--image', 'x', '--prompt', ' '], 'The prompt is empty'],
    ['two prompts', ['run', '--image', 'x', '--prompt', 'a', '--prompt-file', 'b'], 'There are two prompts'],
    ['a bad variable', ['run', '--image', 'x', '--prompt', 'a', '--env', '9=x'], 'Expected NAME=VALUE'],
    ['an absent variable', ['run', '--image', 'x', '--prompt', 'a', '--env', 'ABSENT'], 'does not have it'],
    ['a lost quote', ['run', '--image', 'x', '--prompt', 'say', 'hello'], 'Quote a prompt of several words'],
    ['another lost quote', ['run', 'say', 'hello'], 'Unexpected argument `hello`'],
    ['a stray word', ['run', 'a', 'b', '--', '--max-turns', '3'], 'Unexpected argument `b`'],
    ['a bad namespace', ['run', '--image', 'x', '-p', 'a', '-n', 'No_Name'], 'Expected a Kubernetes name'],
    ['a bad span', ['run', '--image', 'x', '--prompt', 'a', '--timeout', 'soon'], 'Expected a span'],
  ])('ends with 2 on %s', async (_what, argv, words) => {
    const terminal = terminalOf()
    expect(await runCli(argv, terminal)).toBe(2)
    expect(terminal.stderr()).toContain(words)
    expect(terminal.stdout()).toBe('')
  })

  it('takes the prompt as its argument, and passes on what follows --', async () => {
    const terminal = terminalOf()
    const shown = terminalOf()
    expect(await runCli(args('hello', '--json'), terminal)).toBe(0)
    expect(JSON.parse(terminal.stdout())).toMatchObject({ summary: 'hello ' })
    await runCli(args('arguments', '-q', '--', '--max-turns', '3'), shown)
    expect(shown.stdout()).toMatch(/--max-turns 3 ?\n$/)
  })

  it.each([['-q'], ['-o', 'text']])('prints the answer alone with %s', async (...flags) => {
    const terminal = terminalOf()
    expect(await runCli(args('hello', ...flags), terminal)).toBe(0)
    expect(terminal.stdout()).toBe('hello\n')
    expect(terminal.stderr()).toBe('')
    const failed = terminalOf()
    expect(await runCli(args('crash', ...flags), failed)).toBe(1)
    expect(failed.stdout()).toBe('')
    expect(failed.stderr()).toContain('✘ ')
  })

  it('never shows a key that the agent prints', async () => {
    const terminal = fakeTerminal({ env: { ...cluster.env, GIVEN: 'x' } })
    await runCli(args('hello', '-e', 'GIVEN=public', '-e', 'MY_TOKEN=tok-0123456789abcdef', '--json'), terminal)
    const other = fakeTerminal({ env: cluster.env })
    await runCli(args('tok-0123456789abcdef', '-e', 'MY_TOKEN=tok-0123456789abcdef', '--json'), other)
    expect(other.stdout() + other.stderr()).not.toContain('tok-0123456789abcdef')
    expect(JSON.parse(other.stdout())).toMatchObject({ summary: '*** ' })
  })

  it('puts each option of the pod where Kubernetes expects it', async () => {
    const template = join(folder, 'template.yaml')
    await writeFile(template, 'metadata:\n  annotations:\n    team: web\nspec:\n  priorityClassName: low\n')
    const terminal = fakeTerminal()
    const more = [
      '--pull-secret',
      'registry',
      '--label',
      'team=web',
      '--service-account',
      'agent',
      '--queue',
      'batch',
      '--node-selector',
      'disk=ssd',
      '--toleration',
      'gpu=yes:NoSchedule',
      '--toleration',
      'spot',
      '--cpu',
      '250m',
      '--limit-cpu',
      '2',
      '--memory',
      '1Gi',
      '--gpu',
      '1',
      '--template',
      template,
    ]
    expect(await runCli(args('hello', '--dry-run', ...more), terminal)).toBe(0)
    const [, job] = parseAllDocuments(terminal.stdout()).map((document): unknown => document.toJS())
    expect(job).toMatchObject({
      metadata: { labels: { team: 'web', 'kueue.x-k8s.io/queue-name': 'batch' } },
      spec: {
        suspend: true,
        template: {
          metadata: { labels: { team: 'web' }, annotations: { team: 'web' } },
          spec: {
            imagePullSecrets: [{ name: 'registry' }],
            serviceAccountName: 'agent',
            nodeSelector: { disk: 'ssd' },
            priorityClassName: 'low',
            tolerations: [
              { key: 'gpu', operator: 'Equal', value: 'yes', effect: 'NoSchedule' },
              { key: 'spot', operator: 'Exists' },
            ],
            containers: [
              {
                resources: {
                  requests: { cpu: '250m', memory: '1Gi' },
                  limits: { cpu: '2', memory: '1Gi', 'nvidia.com/gpu': '1' },
                },
              },
            ],
          },
        },
      },
    })
  })

  it("continues a session and passes a schema with the agent's own flags", async () => {
    const schema = join(folder, 'schema.json')
    await writeFile(schema, '{ "type": "object" }')
    const shown = async (...more: string[]): Promise<string> => {
      const terminal = terminalOf()
      await runCli(args('arguments', '-q', ...more), terminal)
      return terminal.stdout() + terminal.stderr()
    }
    expect(await shown('--resume', 's-9', '--output-schema', schema)).toMatch(
      /--json-schema \{"type":"object"\} --resume s-9 ?\n$/,
    )
    expect(agentArguments(opencodeAgent, { resume: 's-9' })).toEqual(['--session', 's-9'])
    const thread = '01a228d8-f2e1-7872-a036-e1fbb3403739'
    expect(agentArguments(codexAgent, { resume: thread })).toEqual(['resume', thread])
    expect(() => agentArguments(codexAgent, { resume: 's-9' })).toThrow('"s-9" cannot be a session of Codex')
    expect(() => agentArguments({ name: 'ada', title: 'Ada' }, { resume: 's-9' })).toThrow('does not work with ada')
    expect(await shown('--output-schema', schema, '--agent', 'opencode')).toContain('Use --agent claude')
    expect(await shown('--output-schema', join(folder, 'prompt.txt'))).toContain('is not valid JSON')
    expect(await shown('--template', schema)).toContain('is not a pod template')
  })

  it('copies files in, and out again', async () => {
    const source = join(folder, 'input')
    const [out, artifacts] = [join(folder, 'out.txt'), join(process.cwd(), 'agent-jobs-artifacts')]
    await mkdir(source)
    await writeFile(join(source, 'data.txt'), 'from here')
    const terminal = terminalOf()
    const flags = ['--copy-in', source, '--copy-out', `data.txt:${out}`, '--copy-out', 'absent.txt', '--json']
    expect(await runCli(args('hello', ...flags), terminal)).toBe(0)
    expect(await readFile(out, 'utf8')).toBe('from here')
    expect(terminal.stderr()).toContain(`data.txt → ${out}`)
    expect(terminal.stderr()).toContain('! absent.txt does not exist in the container')
    expect(terminal.stderr()).not.toContain('@agent-jobs-artifact')
    const other = terminalOf()
    await runCli(args('hello', '--copy-in', source, '--artifact', 'data.txt', '--json'), other)
    const [, to = ''] = /data\.txt → (agent-jobs-artifacts\/\S+)/.exec(other.stderr()) ?? []
    expect(await readFile(to, 'utf8')).toBe('from here')
    await rm(artifacts, { recursive: true })
    const detached = terminalOf()
    expect(await runCli(args('hello', '--copy-out', 'x', '-d'), detached)).toBe(2)
    const large = terminalOf()
    await writeFile(join(source, 'large.bin'), randomBytes(600_000))
    expect(await runCli(args('hello', '--copy-in', source), large)).toBe(1)
    expect(large.stderr()).toContain('is larger than 480 KiB packed')
  })

  it('names the program that the image lacks', async () => {
    const terminal = terminalOf()
    expect(await runCli(['run', '-n', 'agents', '--image', 'no-agent:1', 'hello', '--json'], terminal)).toBe(1)
    expect(JSON.parse(terminal.stdout())).toMatchObject({
      errorCode: 'image_lacks',
      errorMessage: expect.stringContaining('no-agent:1 has no claude on its PATH'),
    })
  })

  it('ends with 1 when no cluster is configured', async () => {
    const terminal = fakeTerminal({ env: { KUBECONFIG: join(folder, 'absent') } })
    expect(await runCli(args('--prompt', 'x'), terminal)).toBe(1)
    expect(terminal.stderr()).toMatch(/error: No cluster is configured: /)
  })
})
