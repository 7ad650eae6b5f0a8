import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runCli } from '../run-cli.ts'
import { fakeTerminal } from '../../test/fake-terminal.ts'
import { startStandInCluster, type StandInCluster } from '../../test/stand-in-cluster.ts'

let cluster: StandInCluster
beforeAll(async () => {
  cluster = await startStandInCluster()
})
afterAll(() => cluster[Symbol.asyncDispose]())

async function doctor(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const terminal = fakeTerminal({ env: cluster.env })
  const code = await runCli(['doctor', ...args], terminal)
  return { code, out: terminal.stdout(), err: terminal.stderr() }
}

describe('agent-jobs doctor', () => {
  it('says what is well, what is not and what to do about it, having tried the image in a pod', async () => {
    const { code, out } = await doctor('--namespace', 'agents', '--image', 'agent:1')
    expect(code).toBe(0)
    expect(out).toContain('✔ Every permission that runs need is granted in namespace "agents".')
    expect(out).toContain(`✔ The image has Node ${process.version}.`)
    expect(out).toMatch(/^! There is no data volume for agent pods[^\n]*\n {2}→ Mount a claim/m)
  })

  it('fails where no agent can run', async () => {
    const { code, out } = await doctor('--namespace', 'absent', '--json')
    expect(code).toBe(1)
    expect(JSON.parse(out)).toMatchObject({
      status: 'fail',
      checks: expect.arrayContaining([expect.objectContaining({ code: 'k8s_namespace_check_failed', level: 'error' })]),
    })
  })

  it("takes an agent's configuration", async () => {
    const file = join(cluster.folder, 'config.json')
    await writeFile(file, JSON.stringify({ workspaceVolumeClaim: 'lost-claim' }))
    const { out } = await doctor('--namespace', 'agents', '--agent', 'opencode', '--config', file)
    expect(out).toMatch(/✘ Claim "lost-claim" cannot be read/)
    await writeFile(file, '[]')
    expect(await doctor('--config', file)).toEqual({
      code: 1,
      out: '',
      err: `error: Cannot read the configuration ${file}: it is no JSON object.\n`,
    })
  })
})
