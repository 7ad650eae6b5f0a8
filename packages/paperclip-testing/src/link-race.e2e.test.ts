import { randomUUID } from 'node:crypto'
import { chmodSync, chownSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createAdapter, createClusterPool, systemDependencies } from '@agent-jobs/adapter-kit'
import { freshState } from '@agent-jobs/adapter-kit/testing'
import { createJobRunner, type RunHandle } from '@agent-jobs/k8s-job-runner'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { paperclipContext } from '../../adapter-kit/test/paperclip-context.ts'
import { scriptAgent } from '../../adapter-kit/test/script-agent.ts'
import { serverPlace, type ServerPlace } from './real-cluster.ts'

const cluster = process.env['KUBECONFIG']
/** Runs of the victim in each attack; `pnpm soak link-race` makes 200. */
const tries = Number(process.env['AGENT_JOBS_ATTACK_TRIES'] ?? 6)
const atOnce = 3
const company = '6fa459ea-ee8a-3ca4-894e-db77e160355e'
const instance = '/paperclip/instances/default'
const image = 'local/agent:1'

/** Looks for the master key in every mounted folder of the volume, and reports how the run ended. */
const spy = scriptAgent(`
const { readdirSync, readFileSync, existsSync } = await import('node:fs')
const found = []
function look(folder, depth) {
  let names = []
  try { names = readdirSync(folder) } catch { return }
  for (const name of names) {
    if (name === 'master.key') found.push(folder + '/' + name + ' ' + readFileSync(folder + '/' + name, 'utf8'))
    else if (depth < 9) look(folder + '/' + name, depth + 1)
  }
}
look('/paperclip', 0)
console.log(found.length > 0 ? 'STOLEN ' + found.join(' ') : 'nothing')
`)

/** What an attacker with a shell does in a writable folder: alternates between a folder and a link. */
const swap = (name: string, target: string) =>
  [
    `mkdir -p ${name}`,
    'while :',
    `do mv ${name} ${name}.real && ln -s ${target} ${name} && sleep 0.03`,
    `rm -f ${name}`,
    `mv ${name}.real ${name} && sleep 0.03`,
    'done',
  ].join('; ')

describe.skipIf(!cluster)('an agent that swaps a folder for a link while another pod starts (needs KUBECONFIG)', () => {
  let place: ServerPlace
  beforeAll(async () => {
    place = await serverPlace({ namespace: 'link-race-e2e', env: {}, signal: AbortSignal.timeout(100_000) })
    const secrets = join(place.folder, 'instances', 'default', 'secrets')
    mkdirSync(secrets, { recursive: true })
    writeFileSync(join(secrets, 'master.key'), 'the-master-key')
  })
  afterAll(() => place.close())

  function folderFor(path: string): void {
    const folder = join(place.folder, path.slice('/paperclip/'.length))
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o777)
    chownSync(folder, 1000, 1000)
  }

  /** The attacker: a pod of an agent that may write `folder`. */
  async function attacker(folder: string, command: string): Promise<RunHandle> {
    const runner = createJobRunner({ client: place.client, namespace: place.namespace })
    const runId = randomUUID()
    const handle = await runner.start({
      key: `attacker-${runId}`,
      runId,
      image,
      imagePullPolicy: 'IfNotPresent',
      command: { argv: ['sh', '-c', `echo at work; cd ${folder}; ${command}`], limits: { totalMs: 1_500_000 } },
      volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'paperclip-data' } }],
      mounts: [{ name: 'data', mountPath: folder, subPath: folder.slice('/paperclip/'.length) }],
      resources: { requests: { cpu: '10m', memory: '32Mi' } },
      terminationGracePeriodSeconds: 1,
    })
    for await (const event of handle.events) if (event.type === 'line') break
    return handle
  }

  /** One run of another agent in that folder: its log and result. */
  async function victim(cwd: string): Promise<string> {
    // Where the operator lists no folders, one that Paperclip names is mounted as it is.
    const env = { ...place.env, AGENT_JOBS_POLICY: '{}' }
    const clusters = createClusterPool({ env })
    const deps = systemDependencies({ env, clusters, serverPath: () => place.folder, state: freshState() })
    const { ctx, told } = paperclipContext({
      runId: randomUUID(),
      agentId: randomUUID(),
      context: { paperclipWorkspace: { cwd, source: 'project' } },
      config: {
        image,
        namespace: place.namespace,
        'resources.requests.cpu': '10m',
        'resources.requests.memory': '32Mi',
        paperclipApiUrl: 'http://127.0.0.1:9',
        graceSec: 1,
      },
    })
    const result = await createAdapter(spy, deps).execute(ctx)
    await clusters.close()
    const all = `${told.log.map(({ chunk }) => chunk).join('')} ${JSON.stringify(result)}`
    if (all.includes('the-master-key')) return 'stolen'
    if (/mount_changed|not the one that the server prepared/.test(all)) return 'refused by the launcher'
    if (result.exitCode === 0 && all.includes('nothing')) return 'ran and saw nothing'
    if (all.includes('The agent does not get')) return 'link seen by the server'
    return 'no folder to work in'
  }

  async function attack(path: string, folder: string, target: string): Promise<Record<string, number>> {
    folderFor(folder)
    const handle = await attacker(folder, swap(path.slice(folder.length + 1), target))
    const ends: Record<string, number> = {}
    const one = async (): Promise<void> => {
      const end = await victim(path)
      ends[end] = (ends[end] ?? 0) + 1
    }
    try {
      for (let left = tries; left > 0; left -= atOnce) {
        await Promise.all(Array.from({ length: Math.min(left, atOnce) }, one))
      }
    } finally {
      await handle.cancel({ by: 'the test', graceSeconds: 1 })
      await handle.settled
    }
    console.log(`link race in ${folder}: ${JSON.stringify(ends)}`)
    return ends
  }

  it(
    'gets nothing of the server where both work in one project: it is mounted above what can be swapped',
    { timeout: 1_500_000 },
    async () => {
      const project = `${instance}/projects/${company}/p`
      const ends = await attack(`${project}/docs`, project, '../../../../secrets')
      expect(ends).not.toHaveProperty('stolen')
      expect(Object.values(ends).reduce((sum, count) => sum + count, 0)).toBe(tries)
      expect(ends['ran and saw nothing']).toBeGreaterThan(0)
    },
  )

  it(
    'gets nothing of the server outside of its folders: the launcher starts nothing in a folder that was swapped',
    { timeout: 1_500_000 },
    async () => {
      const ends = await attack('/paperclip/repos/site', '/paperclip/repos', '../instances/default/secrets')
      expect(ends).not.toHaveProperty('stolen')
      expect(Object.values(ends).reduce((sum, count) => sum + count, 0)).toBe(tries)
    },
  )
})
