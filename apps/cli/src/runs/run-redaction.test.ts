import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeTerminal } from '../../test/fake-terminal.ts'
import { startStandInCluster, type StandInCluster } from '../../test/stand-in-cluster.ts'
import { runCli } from '../run-cli.ts'
import { redactionOfVariables } from './run-redaction.ts'

const token = 'tok-"0123"456789abcdef'
const wellKnown = `sk-ant-api03-${'x'.repeat(40)}`
let cluster: StandInCluster
beforeAll(async () => {
  cluster = await startStandInCluster()
})
afterAll(() => cluster[Symbol.asyncDispose]())

async function agentJobs(...args: string[]): Promise<{ code: number; out: string; err: string; all: string }> {
  const terminal = fakeTerminal({ env: cluster.env })
  const code = await runCli(args, terminal)
  return { code, out: terminal.stdout(), err: terminal.stderr(), all: terminal.stdout() + terminal.stderr() }
}
const logs = (...args: string[]) => agentJobs('logs', '-n', 'agents', ...args)

describe('credentials of a run that is looked at', () => {
  let job = ''
  beforeAll(async () => {
    const { out } = await agentJobs(...cluster.args('--prompt', `leak ${token}`, '-d', '-e', `MY_TOKEN=${token}`))
    job = out.trim()
    await agentJobs('wait', '-n', 'agents', job)
  })

  it.each([[], ['--json'], ['--timestamps'], ['--agent', 'claude']])('are hidden by logs %j', async (...flags) => {
    const { code, all } = await logs(job, ...flags)
    expect(code).toBe(0)
    expect(all).toContain('***')
    expect(all).not.toContain('456789abcdef')
  })

  it('are hidden by wait', async () => {
    const { out } = await agentJobs('wait', '-n', 'agents', job, '--json')
    expect(JSON.parse(out)).toMatchObject({ outcome: 'succeeded', summary: expect.stringContaining('***') })
    expect(out).not.toContain('456789abcdef')
  })

  it('are shown by logs --raw, whose help says so', async () => {
    const { out, err } = await logs(job, '--raw')
    expect(out).toContain(JSON.stringify(token).slice(1, -1))
    expect(err).toContain(token)
    expect((await logs('--help')).out.replaceAll(/\s+/g, ' ')).toContain('credentials included')
  })

  it('are not those of the next run of the key', async () => {
    const place = cluster.args('--key', 'shared', '-e', `MY_TOKEN=${token}`)
    const first = (await agentJobs(...place, '--keep', '--json', '--prompt', 'leak')).out
    const { job: ended } = JSON.parse(first) as { job: string }
    const next = (await agentJobs(...place, '-d', '--prompt', 'wait')).out.trim()
    expect((await logs(ended)).err).toContain("the run's Secret was removed at its end")
    await agentJobs('cancel', '-n', 'agents', next, '--grace', '1s')
  })
})

describe('credentials of a run whose Secret is gone or may not be read', () => {
  it('are hidden where they have a well-known form, with a warning', async () => {
    const ended = (
      await agentJobs(...cluster.args('--prompt', 'leak', '--keep', '--json', '-e', `MY_TOKEN=${wellKnown}`))
    ).out
    const { job } = JSON.parse(ended) as { job: string }
    const { items } = await cluster.client.list(kinds.Secret, { namespace: 'agents' })
    expect(items.filter(({ metadata }) => metadata?.annotations?.['agent-jobs.dev/job'] === job)).toEqual([])
    const { all, err } = await logs(job)
    expect(err).toContain('only well-known forms of keys are hidden')
    expect(all).toContain('***')
    expect(all).not.toContain('xxxxxxxx')
    expect((await logs(job, '--raw')).out).toContain(wellKnown)
  })
})

describe('redactionOfVariables', () => {
  it('hides values by the names of their variables, and no values that are too short to be credentials', () => {
    const redact = redactionOfVariables({ BASE_URL: 'http://127.0.0.1:8080', API_KEY: 'scripted', DB_PASSWORD: token })
    expect(redact(`http://127.0.0.1:8080 scripted ${token}`)).toBe('http://127.0.0.1:8080 scripted ***')
  })
})
