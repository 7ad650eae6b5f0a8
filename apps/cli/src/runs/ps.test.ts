import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { fakeTerminal } from '../../test/fake-terminal.ts'
import { startStandInCluster, type StandInCluster } from '../../test/stand-in-cluster.ts'
import { runCli } from '../run-cli.ts'

let cluster: StandInCluster
let job = ''
beforeAll(async () => {
  cluster = await startStandInCluster()
  job = await keep('hello')
})
afterAll(() => cluster[Symbol.asyncDispose]())

async function keep(prompt: string, ...more: string[]): Promise<string> {
  const terminal = fakeTerminal({ env: cluster.env })
  await runCli(cluster.args('--prompt', prompt, '--keep', '--json', ...more), terminal)
  return (JSON.parse(terminal.stdout()) as { job: string }).job
}
async function ps(args: string[], columns?: number): Promise<{ code: number; out: string; err: string }> {
  const terminal = fakeTerminal({ env: cluster.env, ...(columns === undefined ? {} : { columns }) })
  const code = await runCli(['ps', ...args], terminal)
  return { code, out: terminal.stdout(), err: terminal.stderr() }
}
const inAgents = ['-n', 'agents']

describe('agent-jobs ps', () => {
  it('shows state, duration and age, and no extra identifiers', async () => {
    const { out } = await ps(inAgents)
    expect(out).toMatch(/^JOB +AGENT +STATE +REASON +DURATION +AGE\n/)
    expect(out).toMatch(new RegExp(`^${job} +claude +succeeded +- +\\d+s +\\d+s$`, 'm'))
  })

  it('adds session, pod, node, image and key with -o wide', async () => {
    const { out } = await ps([...inAgents, '-o', 'wide'])
    expect(out).toMatch(/AGE +COST +SESSION +POD +NODE +IMAGE +KEY\n/)
    expect(out).toMatch(new RegExp(`^${job} .* s-1 +${job}-\\w+ +mini-kube +agent:1 +cli-`, 'm'))
  })

  it('prints everything as JSON, YAML and names', async () => {
    const expected = {
      job,
      namespace: 'agents',
      state: 'succeeded',
      agent: 'claude',
      session: 's-1',
      model: 'opus',
      exitCode: 0,
    }
    for (const flag of [['-o', 'json'], ['--json']]) {
      const lines = (await ps([...inAgents, ...flag])).out.trim().split('\n')
      expect(lines.map((line): unknown => JSON.parse(line))).toContainEqual(expect.objectContaining(expected))
    }
    const documents = parseAllDocuments((await ps([...inAgents, '-o', 'yaml'])).out)
    expect(documents.map((document): unknown => document.toJS())).toContainEqual(expect.objectContaining(expected))
    expect((await ps([...inAgents, '-o', 'name'])).out).toContain(`job/${job}\n`)
  })

  it('looks into all namespaces with -A', async () => {
    expect((await ps(['-n', 'default'])).err).toContain('No runs in namespace default')
    expect((await ps(['-A'])).out).toMatch(new RegExp(`^NAMESPACE +JOB[^\\n]*\\nagents +${job} `, 'm'))
  })

  it('leaves out the titles with --no-headers', async () => {
    expect((await ps([...inAgents, '--no-headers'])).out).not.toContain('STATE')
  })

  it('sorts', async () => {
    const second = await keep('hello again')
    const order = async (...flags: string[]): Promise<string[]> =>
      (await ps([...inAgents, '-o', 'name', ...flags])).out.trim().split('\n')
    expect(await order('--sort-by', 'name')).toEqual([job, second].toSorted().map((name) => `job/${name}`))
    expect((await order()).toSorted()).toEqual(await order('--sort-by', 'name'))
  })

  it('fits the terminal', async () => {
    for (const columns of [60, 80, 120]) {
      const lines = (await ps(inAgents, columns)).out.split('\n')
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns)
    }
  })

  it('tells why a run waits: the image, and the refusal to make a pod', async () => {
    const terminal = fakeTerminal({ env: cluster.env })
    const absent = ['run', ...inAgents, '--image', 'registry.invalid/absent:1', '-p', 'hello', '-d']
    await runCli(absent, terminal)
    const waiting = terminal.stdout().trim()
    const seen = fakeTerminal({ env: cluster.env })
    const watching = runCli(['ps', ...inAgents, '-w'], seen)
    await seen.shown(`${waiting}  pending  `, 'out')
    await seen.shown('ImagePull', 'out')
    await cluster.client.delete(kinds.Job, { name: waiting, namespace: 'agents', propagationPolicy: 'Background' })
    seen.press('SIGINT')
    expect(await watching).toBe(0)
  })

  it('redraws the table on a terminal with -w', async () => {
    const terminal = fakeTerminal({ env: cluster.env, columns: 100 })
    const watching = runCli(['ps', ...inAgents, '-w'], terminal)
    await terminal.shown('Ctrl-C ends it', 'out')
    expect(terminal.stdout()).toContain('\u001b[H\u001b[2J')
    expect(terminal.stdout()).toContain(job)
    terminal.press('SIGINT')
    await watching
  })

  it.each([
    ['-o', 'fancy'],
    ['--sort-by', 'colour'],
    ['-o', 'json', '--json'],
  ])('refuses %j %j', async (...args) => {
    expect((await ps(args)).code).toBe(2)
  })
})
