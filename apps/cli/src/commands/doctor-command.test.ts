import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeTerminal } from '../../test/fake-terminal.ts'
import { startStandInCluster, type StandInCluster } from '../../test/stand-in-cluster.ts'
import { claudeAgent } from '@agent-jobs/adapter-claude-k8s/agent'
import { opencodeAgent } from '@agent-jobs/adapter-opencode-k8s/agent'
import type { Agent } from '@agent-jobs/agent-run'
import { judgeImage } from '../doctor/probe-image.ts'
import { grantCommands } from '../doctor/needed-permissions.ts'
import { runCli } from '../run-cli.ts'

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
  it('reports what works for runs, without mentioning Paperclip, and tries the image in a pod', async () => {
    const { code, out } = await doctor('-n', 'agents', '--image', 'agent:1')
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringContaining('✔ You have every permission that runs need in agents.'),
    })
    expect(out).toMatch(/^✔ Kubernetes v[\d.]+/)
    expect(out).toContain('✔ The API server accepts the Job and its pod (dry run).')
    expect(out).toMatch(new RegExp(`✔ agent:1 has claude .*and Node ${process.version}`))
    expect(out).not.toMatch(/paperclip/i)
    expect((await cluster.client.list(kinds.Job, { namespace: 'agents' })).items).toEqual([])
  })

  it('is one JSON object with --json', async () => {
    const { code, out } = await doctor('-n', 'agents', '--json')
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({
      status: 'pass',
      checks: expect.arrayContaining([expect.objectContaining({ code: 'permissions', level: 'info' })]),
    })
  })

  it('fails where no agent can run, and creates with --fix what is missing', async () => {
    const { code, out } = await doctor('-n', 'absent')
    expect(code).toBe(1)
    expect(out).toMatch(/✘ Namespace absent not found\.\n {2}→ kubectl create namespace absent/)
    const fixed = await doctor('-n', 'absent', '--service-account', 'agent', '--fix')
    expect(fixed).toMatchObject({ code: 0, out: expect.stringContaining('✔ The namespace absent was created.') })
    expect(fixed.out).toContain('✔ The service account agent was created')
    expect((await doctor('-n', 'absent', '--service-account', 'other')).out).toContain(
      '✘ Service account other not found in namespace absent.',
    )
  })

  it('runs the agent once with --run', async () => {
    const { code, out } = await doctor(
      '-n',
      'agents',
      '--image',
      'agent:1',
      '--run',
      '-e',
      'GIVEN=x',
      '--model',
      'opus',
    )
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringMatching(/✔ agent:1 has claude[\s\S]*● submitted[\s\S]*✔ succeeded/),
    })
  })

  it.each([
    [
      { 'limits.cpu': '8', 'limits.memory': '8Gi' },
      /✘ The quota strict demands limits\.cpu[^\n]*of every pod\.\n {2}→ agent-jobs run --limit-cpu 2/,
    ],
    [
      { 'count/jobs.batch': '0' },
      /✘ The API server refuses the Job[^\n]*\n[\s\S]*exceeded quota: strict[\s\S]*\n {2}→ /,
    ],
  ])('says what a quota of %j refuses, and what to do', async (hard, expected) => {
    const quota = { kind: 'ResourceQuota', apiVersion: 'v1', plural: 'resourcequotas', namespaced: true } as const
    await cluster.client.create(quota, { metadata: { name: 'strict' }, spec: { hard } }, { namespace: 'agents' })
    const changed = cluster.client.listWatch(quota, { namespace: 'agents', signal: AbortSignal.timeout(20_000) })
    for await (const event of changed) if (JSON.stringify(event).includes('"used"')) break
    const { code, out } = await doctor('-n', 'agents')
    await cluster.client.delete(quota, { name: 'strict', namespace: 'agents' })
    expect({ code, out }).toEqual({ code: 1, out: expect.stringMatching(expected) })
  })

  it('names the server that does not answer', async () => {
    const file = join(cluster.folder, 'dead')
    await writeFile(
      file,
      JSON.stringify({
        clusters: [{ name: 'c', cluster: { server: 'http://127.0.0.1:9' } }],
        contexts: [{ name: 'c', context: { cluster: 'c' } }],
        'current-context': 'c',
      }),
    )
    expect(await doctor('--kubeconfig', file)).toMatchObject({
      code: 1,
      out: expect.stringMatching(/^✘ http:\/\/127\.0\.0\.1:9 cannot be used/),
    })
  })

  it('checks for a Paperclip server with --paperclip', async () => {
    const { code, out } = await doctor('--namespace', 'agents', '--image', 'agent:1', '--paperclip')
    expect(code).toBe(0)
    expect(out).toContain('✔ Every permission that runs need is granted in namespace "agents".')
    expect(out).toMatch(/^! No data volume for agent pods[^\n]*\n {2}→ Mount a claim/m)
  })

  it("takes an agent's configuration, and names settings that do not exist", async () => {
    const file = join(cluster.folder, 'config.json')
    await writeFile(
      file,
      JSON.stringify({ workspaceVolumeClaim: 'lost-claim', timeoutSecs: 5, resources: { limits: { cpu: '1' } } }),
    )
    const { out } = await doctor('--namespace', 'agents', '--agent', 'opencode', '--config', file)
    expect(out).toMatch(/✘ Claim "lost-claim" cannot be read/)
    expect(out).toMatch(/! Unknown setting timeoutSecs\.[^\n]*\n {2}→ Did you mean timeoutSec/)
    expect(out).not.toContain('Unknown setting resources')
    await writeFile(file, '[]')
    expect(await doctor('--config', file)).toEqual({
      code: 1,
      out: '',
      err: `error: Cannot read the configuration ${file}: it is not a JSON object.\n`,
    })
  })
})

describe('judgeImage', () => {
  const judge = (found: Record<string, string>, agent: Pick<Agent, 'name' | 'title' | 'needsBash'> = claudeAgent) =>
    [...judgeImage(new Map(Object.entries(found)), { image: 'i', agent })].map(({ code, level }) => `${level} ${code}`)
  const whole = {
    claude: '/bin/claude',
    node: '/bin/node',
    bash: '/bin/bash',
    git: 'x',
    tar: 'x',
    base64: 'x',
    rg: 'x',
    home: 'writable',
  }

  it.each([
    [whole, claudeAgent, ['info agent']],
    [{ ...whole, claude: '' }, claudeAgent, ['error image_lacks_agent']],
    [{ ...whole, bash: '' }, claudeAgent, ['info agent', 'warn image_lacks_bash']],
    [{ ...whole, opencode: 'x', bash: '' }, opencodeAgent, ['info agent']],
    [{ ...whole, git: '', rg: '' }, claudeAgent, ['info agent', 'warn image_lacks']],
    [{ ...whole, home: '' }, claudeAgent, ['info agent', 'warn home_not_writable']],
  ])('judges %j for $1.name', (found, agent, expected) => expect(judge(found, agent)).toEqual(expected))
})

describe('grantCommands', () => {
  it('groups what is missing into one command for each resource', () => {
    const missing = [
      { group: 'batch', resource: 'jobs', verb: 'create' },
      { group: 'batch', resource: 'jobs', verb: 'get' },
      { group: '', resource: 'pods/log', verb: 'get' },
    ]
    expect(grantCommands(missing, { namespace: 'n', subject: '--user=me' })).toBe(
      'kubectl create role agent-jobs-jobs-batch -n n --verb=create,get --resource=jobs.batch && kubectl create rolebinding agent-jobs-jobs-batch -n n --role=agent-jobs-jobs-batch --user=me\n' +
        '    kubectl create role agent-jobs-pods-log -n n --verb=get --resource=pods/log && kubectl create rolebinding agent-jobs-pods-log -n n --role=agent-jobs-pods-log --user=me',
    )
  })
})
