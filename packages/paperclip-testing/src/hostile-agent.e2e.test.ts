import { randomUUID } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createAdapter, createClusterPool, systemDependencies } from '@agent-jobs/adapter-kit'
import { freshState } from '@agent-jobs/adapter-kit/testing'
import { kinds } from '@agent-jobs/kube-api'
import type { AdapterExecutionContext } from '@paperclipai/adapter-utils'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paperclipContext } from '../../adapter-kit/test/paperclip-context.ts'
import { scriptAgent } from '../../adapter-kit/test/script-agent.ts'
import { serverPlace, type ServerPlace } from './real-cluster.ts'

const cluster = process.env['KUBECONFIG']
const namespace = 'hostile-agent-e2e'
const theirSecret = `secret-of-others-${randomUUID()}`
const modelKey = `model-key-${randomUUID()}`

/** Variables of the server that are for it alone; each value is found wherever it is copied to. */
const serverOnly = Object.fromEntries(
  [
    'JWTSECRET',
    'DATABASE_URL',
    'MY_SERVICE_TOKEN',
    'AWS_ACCESS_KEY_ID',
    'AWS_SECRET_ACCESS_KEY',
    'BETTER_AUTH_SECRET',
    'GITHUB_TOKEN',
    'SMTP_PASSWORD',
    'STRIPE_API_KEY',
    'UNREMARKABLE',
  ].map((name) => [name, `server-only-${randomUUID()}`]),
)

/** The journal of another company's run, with the numbers that the attacker's log lacks. */
const theirFrames = Array.from(
  { length: 50 },
  (_, seq) => `@aj1 ${seq} o 1 ${theirSecret.length} ${theirSecret}.\n`,
).join('')

/** Takes over its own journal, forges a frame with a number far ahead so that the server reads the journal, and goes on. */
const journalAttack = (attack: string) => `
const { existsSync, readdirSync, symlinkSync, truncateSync, unlinkSync, writeFileSync } = await import('node:fs')
const { execFileSync } = await import('node:child_process')
const { setTimeout: pause } = await import('node:timers/promises')
const folder = process.env.HOME + '/../journal'
while (!existsSync(folder) || readdirSync(folder).length === 0) await pause(10)
const journal = folder + '/' + readdirSync(folder)[0]
${attack}
const frame = (seq, text) => '@aj1 ' + seq + ' o ' + Date.now() + ' ' + text.length + ' ' + text + '.\\n'
writeFileSync('/proc/1/fd/1', frame(1_000_000, 'a forged line'))
for (let i = 0; i < 3; i += 1) { console.log('true line ' + i); await pause(100) }
`

/** Prints its own environment and the launcher's, and lives until it is released. */
const printer = scriptAgent(`
const { existsSync, readFileSync } = await import('node:fs')
const { setTimeout: pause } = await import('node:timers/promises')
const launcher = Object.fromEntries(
  readFileSync('/proc/1/environ', 'utf8').split('\\0').map((text) => [text.split('=')[0], text.slice(text.indexOf('=') + 1)]),
)
console.log('SEEN ' + JSON.stringify({ cwd: process.cwd(), own: process.env, launcher }))
while (!existsSync('released')) await pause(50)
`)

describe.skipIf(!cluster)('a hostile agent (needs KUBECONFIG)', () => {
  let place: ServerPlace
  let theirJournal: string
  beforeAll(async () => {
    const env = { ...serverOnly, OPENAI_API_KEY: modelKey }
    place = await serverPlace({ namespace, env, signal: AbortSignal.timeout(100_000) })
    theirJournal = join(place.folder, 'instances/default/data/agent-jobs/another-company/agent/journal/run.aj1')
    mkdirSync(dirname(theirJournal), { recursive: true })
    writeFileSync(theirJournal, theirFrames)
  }, 110_000)
  afterAll(() => place.close())

  const small = { 'resources.requests.cpu': '10m', 'resources.requests.memory': '32Mi', graceSec: 1 }

  async function run(
    agent: ReturnType<typeof scriptAgent>,
    { settings = {}, onLog }: { settings?: Record<string, unknown>; onLog?: AdapterExecutionContext['onLog'] } = {},
  ) {
    const env = {
      ...place.env,
      ...serverOnly,
      OPENAI_API_KEY: modelKey,
      // A server inside the cluster whose operator wrote down the agents' namespace and nothing else.
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      AGENT_JOBS_POLICY: JSON.stringify({ defaults: { namespace } }),
    }
    const clusters = createClusterPool({ env })
    const deps = systemDependencies({ env, clusters, serverPath: () => place.folder, state: freshState() })
    const { ctx, told } = paperclipContext({
      runId: randomUUID(),
      agentId: randomUUID(),
      config: { ...small, paperclipApiUrl: 'http://127.0.0.1:9', ...settings },
      ...(onLog ? { onLog } : {}),
    })
    try {
      const result = await createAdapter(agent, deps).execute(ctx)
      return { result, log: told.log.map(({ chunk }) => chunk).join('') }
    } finally {
      await clusters.close()
    }
  }

  /** Everything in the namespace that a run is made of, with the contents of Secrets in the clear. */
  async function objects() {
    const [jobs, pods, found] = await Promise.all([
      place.client.list(kinds.Job, { namespace }),
      place.client.list(kinds.Pod, { namespace }),
      place.client.list(kinds.Secret, { namespace }),
    ])
    const ofRuns = [...jobs.items, ...pods.items.filter(({ metadata }) => metadata?.name !== 'paperclip-0')]
    const contents = found.items.flatMap(({ data }) =>
      Object.values(data ?? {}).map((text) => Buffer.from(text, 'base64').toString()),
    )
    const uids = [...ofRuns, ...found.items].map(({ metadata }) => metadata?.uid)
    return { uids, specs: JSON.stringify(ofRuns), secrets: contents.join('\n') }
  }

  /** What a run added to the namespace, while what earlier runs left may go. */
  async function createdBy<T>(act: () => Promise<T>) {
    const before = await objects()
    const value = await act()
    const after = await objects()
    return { ...value, created: after.uids.filter((uid) => !before.uids.includes(uid)) }
  }

  it.each([
    ['is made 1 TiB long', 'something else than frames', 'truncateSync(journal, 2 ** 40)'],
    ['is replaced by a FIFO', 'regular file', "unlinkSync(journal); execFileSync('mkfifo', [journal])"],
    [
      'is replaced by a link to the journal of another company',
      'ELOOP',
      "unlinkSync(journal); symlinkSync('../../../another-company/agent/journal/run.aj1', journal)",
    ],
  ])(
    'whose journal %s costs the server no time, memory or secret',
    { timeout: 30_000 },
    async (name, reason, attack) => {
      const used = () => process.memoryUsage.rss() / 2 ** 20
      const before = used()
      let peak = before
      const meter = setInterval(() => (peak = Math.max(peak, used())), 20)
      const started = performance.now()
      const { result, log } = await run(scriptAgent(journalAttack(attack))).finally(() => clearInterval(meter))
      const seconds = (performance.now() - started) / 1000
      console.log(`a journal that ${name}: the call took ${seconds.toFixed(1)} s and ${Math.round(peak - before)} MiB`)
      expect(result, log).toMatchObject({ exitCode: 0, resultJson: { agentJob: { outputComplete: null } } })
      expect(log).toMatch(new RegExp(`Reading the journal from frame \\d+ on failed: .*${reason}`))
      for (const line of ['a forged line', 'true line 0', 'true line 1', 'true line 2']) expect(log).toContain(line)
      expect(`${log} ${JSON.stringify(result)}`).not.toContain(theirSecret)
      expect(readFileSync(theirJournal, 'utf8')).toBe(theirFrames)
      expect(peak - before).toBeLessThan(100)
    },
  )

  it("finds no variable of the server's own in its environment, its Job, its pod or its Secret", async () => {
    let during: Awaited<ReturnType<typeof objects>> | undefined
    const { result, log } = await run(printer, {
      async onLog(_stream, chunk) {
        const [, cwd] = /"cwd":"\/paperclip\/([^"]+)"/.exec(chunk) ?? []
        if (cwd === undefined) return
        during = await objects()
        writeFileSync(join(place.folder, cwd, 'released'), '')
      },
    })
    expect(result.exitCode, log).toBe(0)
    const [, seen = '{}'] = /^SEEN (.*)$/m.exec(log) ?? []
    const { own, launcher } = JSON.parse(seen) as Record<'own' | 'launcher', Record<string, string>>
    // A variable that is for agents comes along, by the run's Secret alone, and its value is hidden in the log.
    expect(own, log).toHaveProperty('OPENAI_API_KEY')
    expect(during?.secrets).toContain(modelKey)
    expect(during?.specs).not.toContain(modelKey)
    for (const [name, value] of Object.entries(serverOnly)) {
      expect(own).not.toHaveProperty(name)
      expect(launcher).not.toHaveProperty(name)
      expect([name, `${log} ${JSON.stringify(result)}`.includes(value)]).toEqual([name, false])
      expect([name, during?.specs.includes(value), during?.secrets.includes(value)]).toEqual([name, false, false])
    }
  })

  it.each([
    ['the service account of another namespace', { namespace: 'kube-system', serviceAccountName: 'job-controller' }],
    ['a service account of its own namespace', { serviceAccountName: 'paperclip' }],
    ['a folder of the node', { podTemplate: { spec: { volumes: [{ name: 'node', hostPath: { path: '/' } }] } } }],
    ['a folder of the node as an extra volume', { volumes: [{ name: 'node', hostPath: { path: '/' } }] }],
  ])('that asks for %s is refused before anything is created', async (_, settings) => {
    const { result, created } = await createdBy(() => run(printer, { settings }))
    expect(result).toMatchObject({ errorCode: 'policy_denied' })
    for (const name of Object.keys(settings)) expect(result.errorMessage).toContain(`"${name}"`)
    expect(created).toEqual([])
  })

  it('that brings a kubeconfig with a program is refused before anything is created or run', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'hostile-agent-'))
    const loot = join(folder, 'loot')
    const exec = {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: 'touch',
      args: [loot],
      interactiveMode: 'Never',
    }
    const kubeconfig = JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:9' } }],
      users: [{ name: 'u', user: { exec } }],
      contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
      'current-context': 'x',
    })
    const { result, created } = await createdBy(() => run(printer, { settings: { kubeconfig } }))
    expect(result).toMatchObject({ errorCode: 'k8s_kubeconfig_refused' })
    expect(existsSync(loot)).toBe(false)
    expect(created).toEqual([])
    rmSync(folder, { recursive: true })
  })
})
