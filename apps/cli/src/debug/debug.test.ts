import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeTerminal } from '../../test/fake-terminal.ts'
import { startStandInCluster, type StandInCluster } from '../../test/stand-in-cluster.ts'
import { runCli } from '../run-cli.ts'

const token = 'tok-"0123"456789abcdef'
const wellKnown = `sk-ant-api03-${'x'.repeat(40)}`
const planted = /456789abcdef|sk-ant-api03-x|MD1cIjAxMjNcIj|s3cr3t-in-an-event/

let cluster: StandInCluster
let job = ''
beforeAll(async () => {
  cluster = await startStandInCluster()
  const variables = ['-e', `MY_TOKEN=${token}`, '-e', `GIVEN=${wellKnown}`]
  const submitted = fakeTerminal({ env: cluster.env })
  await runCli(cluster.args('--prompt', `leak ${token} ${wellKnown}`, '-d', ...variables), submitted)
  job = submitted.stdout().trim()
  // A run that is not followed keeps its Secret until it is removed.
  await runCli(['wait', '-n', 'agents', job], fakeTerminal({ env: cluster.env }))
  const found = await cluster.client.get(kinds.Job, { name: job, namespace: 'agents' })
  // What others add to a run.
  await cluster.client.create(kinds.Event, {
    metadata: { name: 'planted', namespace: 'agents' },
    involvedObject: { kind: 'Job', name: job, namespace: 'agents', uid: found.metadata?.uid ?? '' },
    type: 'Warning',
    reason: 'Failed',
    message: `pull failed: authorization: Basic s3cr3t-in-an-event`,
    source: { component: 'test' },
  })
  await cluster.client.patch(kinds.Job, {
    name: job,
    namespace: 'agents',
    type: 'merge',
    body: { metadata: { annotations: { note: `the token is ${token}, the key ${wellKnown}` } } },
  })
})
afterAll(() => cluster[Symbol.asyncDispose]())

async function debug(...args: string[]) {
  const terminal = fakeTerminal({ env: { ...cluster.env, AGENT_JOBS_SECRET_THING: 'private' } })
  const code = await runCli(['debug', '-n', 'agents', ...args], terminal)
  return { code, out: terminal.stdout(), err: terminal.stderr() }
}
const read = (folder: string) =>
  Object.fromEntries(readdirSync(folder).map((name) => [name, readFileSync(join(folder, name), 'utf8')]))

describe('agent-jobs debug', () => {
  it('writes objects, Events, timeline, versions and settings of a run, and none of its credentials', async () => {
    const folder = join(cluster.folder, 'bundle')
    const { code, out, err } = await debug(job, '--output', folder, '--lines', '50')
    expect({ code, err }).toEqual({ code: 0, err: expect.not.stringContaining('Error') })
    expect(out).toContain('Read them before you share them')
    const files = read(folder)
    expect(Object.keys(files)).toEqual([
      'README.txt',
      'description.json',
      'events.json',
      'job.json',
      'lock.json',
      'output.txt',
      'pod.json',
      'settings.json',
      'timeline.txt',
      'versions.json',
    ])
    const all = Object.values(files).join('\n')
    expect(all).not.toMatch(planted)
    expect(all).not.toContain('private')
    expect(files['output.txt']).toContain('The token is ***')
    expect(JSON.parse(files['lock.json'] ?? '')).toMatchObject({ data: { MY_TOKEN: '32 characters' } })
    expect(JSON.parse(files['job.json'] ?? '')).toMatchObject({
      metadata: { name: job, annotations: { note: 'the token is ***, the key ***' } },
    })
    expect(JSON.parse(files['settings.json'] ?? '')).toMatchObject({
      namespace: 'agents',
      follow: expect.any(Object),
      variablesThatAreSet: ['AGENT_JOBS_SECRET_THING', 'KUBECONFIG'],
    })
    expect(JSON.parse(files['versions.json'] ?? '')).toMatchObject({
      node: process.version,
      agentJobs: expect.stringMatching(/^\d/),
      kubernetes: expect.stringMatching(/^v1/),
    })
    expect(files['timeline.txt']).toMatch(/submitted[^]*container started/)
    expect(statSync(join(folder, 'job.json')).mode & 0o077).toBe(0)
  })

  it('leaves the output of the agent out unless lines are asked for, and packs the files', async () => {
    const path = join(cluster.folder, 'bundle.tar.gz')
    const { code, out } = await debug(job, '--output', path, '--json')
    expect(code).toBe(0)
    const report = JSON.parse(out) as { files: string[] }
    expect(report.files).not.toContain('output.txt')
    const { stdout } = await promisify(execFile)('tar', ['-tzf', path])
    expect(stdout.trim().split('\n').sort()).toEqual(
      [`agent-jobs-${job}/`, ...report.files.map((name) => `agent-jobs-${job}/${name}`)].sort(),
    )
  })

  it.each(['taken', 'taken.tar.gz'])('overwrites nothing: %s', async (name) => {
    const path = join(cluster.folder, name)
    writeFileSync(path, 'mine')
    const { code, err } = await debug(job, '--output', path)
    expect({ code, err }).toEqual({ code: 1, err: expect.stringContaining('it exists') })
    expect(readFileSync(path, 'utf8')).toBe('mine')
  })

  it('says which Job does not exist', async () => {
    expect(await debug('nothing', '--output', join(cluster.folder, 'none'))).toMatchObject({
      code: 1,
      err: expect.stringContaining('There is no Job nothing'),
    })
  })
})
