import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeTerminal } from '../test/fake-terminal.ts'
import { startStandInCluster, type StandInCluster } from '../test/stand-in-cluster.ts'
import { complete } from './complete.ts'
import { runCli } from './run-cli.ts'

let cluster: StandInCluster
let job = ''
beforeAll(async () => {
  cluster = await startStandInCluster()
  const terminal = fakeTerminal({ env: cluster.env })
  await runCli(cluster.args('hello', '--keep', '--json'), terminal)
  ;({ job } = JSON.parse(terminal.stdout()) as { job: string })
})
afterAll(() => cluster[Symbol.asyncDispose]())

async function names(kind: string, words: string[], env: Record<string, string> = cluster.env): Promise<string[]> {
  const terminal = fakeTerminal({ env })
  await complete(kind, words, terminal)
  expect(terminal.stderr()).toBe('')
  return terminal.stdout().split('\n').filter(Boolean)
}

describe('complete', () => {
  it('names the Jobs of the namespace in the command line', async () => {
    expect(await names('jobs', ['agent-jobs', 'logs', '-n', 'agents', ''])).toEqual([job])
    expect(await names('jobs', ['agent-jobs', 'logs', '--namespace=agents', ''])).toEqual([job])
    expect(await names('jobs', ['agent-jobs', 'logs', ''])).toEqual([])
    expect(await names('jobs', ['agent-jobs', '--kubeconfig', cluster.env.KUBECONFIG, '-n', 'agents'], {})).toEqual([
      job,
    ])
  })

  it('names namespaces and contexts', async () => {
    expect(await names('namespaces', ['agent-jobs', 'ps', '-n', ''])).toEqual(
      expect.arrayContaining(['agents', 'default']),
    )
    expect(await names('contexts', ['agent-jobs', 'ps', '--context', ''])).toHaveLength(1)
  })

  it('prints nothing when there is nothing to name', async () => {
    expect(await names('jobs', ['agent-jobs'], { KUBECONFIG: '/absent' })).toEqual([])
    expect(await names('colours', ['agent-jobs'])).toEqual([])
  })
})
