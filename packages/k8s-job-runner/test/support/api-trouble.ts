import { createKubeClient, type KubeClient } from '@agent-jobs/kube-api'
import { KubeConfig } from '@kubernetes/client-node'
import { rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { createJobRunner, type RunRequest } from '../../src/index.ts'
import { numbered, startInTheEnd } from './faults.ts'
import { collect, frames, linesOf, type World } from './world.ts'

/** A client whose token is in a file. `rotate` has the old one refused permanently and writes the next some time later. */
async function rotatingClient(
  world: World,
): Promise<{ client: KubeClient; rotate: (lateMs: number) => Promise<void> }> {
  const tokenFile = join(world.kube.dataDir, 'token')
  let user = 0
  /** As the kubelet does it: a reader sees the old token or the new one, never half of it. */
  const write = async () => {
    await writeFile(`${tokenFile}.new`, world.kube.addUser(`runner-${user}`, ['system:masters']))
    await rename(`${tokenFile}.new`, tokenFile)
  }
  await write()
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromOptions({
    clusters: [{ name: 'c', server: world.kube.url, skipTLSVerify: true }],
    users: [{ name: 'u', authProvider: { name: 'tokenFile', config: { tokenFile } } }],
    contexts: [{ name: 'x', cluster: 'c', user: 'u' }],
    currentContext: 'x',
  })
  return {
    client: createKubeClient({ kubeConfig }),
    async rotate(lateMs) {
      await world.kube.faults.inject({ kind: 'error', status: 401, match: { user: `runner-${user}` } })
      user += 1
      await sleep(lateMs)
      await write()
    },
  }
}

/** The results of the runs that were started and followed during the trouble. */
export interface TroubleReport {
  runs: number
  rotations: number
  wrong: string[]
}

/**
 * A bad time: most requests are answered with 429, 500, 503 or 504 in turn, or all with 401 until the next token
 * arrives; connections are cut, and some writes are applied but their answer is lost. All along, one run prints a
 * line every 100 ms, and in every round another is started.
 */
export async function apiTrouble(
  world: World,
  o: { rounds: number; badMs: number; goodMs: number },
): Promise<TroubleReport> {
  const { client, rotate } = await rotatingClient(world)
  const runner = createJobRunner({ client, namespace: 'default' })
  const wrong: string[] = []
  const judge = async (request: RunRequest, lines: number): Promise<void> => {
    const run = await startInTheEnd(runner, request)
    const events = await collect(run.events)
    const { kind } = await run.outcome
    if (kind !== 'succeeded' || linesOf(events).join() !== numbered(lines).join()) {
      const told = events.flatMap((event) =>
        event.type === 'line' || event.type === 'phase' ? [] : [JSON.stringify(event)],
      )
      wrong.push(`${run.runId}: ${kind}, ${linesOf(events).length} of ${lines} lines: ${told.join(' ')}`)
    }
    await run.settled
  }
  const spanMs = o.rounds * (o.badMs + o.goodMs)
  const runs = [judge(frames(['lines', String(spanMs / 100), '100']), spanMs / 100)]
  let rotations = 0
  for (let round = 0; round < o.rounds; round += 1) {
    const status = [429, 500, 503, 504, 401][round % 5] ?? 500
    const retryAfterSeconds = Math.min(Math.ceil(o.badMs / 5000), 30)
    const fault =
      status === 401
        ? undefined
        : await world.kube.faults.inject({ kind: 'error', status, retryAfterSeconds, probability: 0.7 })
    const path = ['/secrets', '/jobs'][round % 2] ?? ''
    const match = { method: ['POST', 'PATCH'][round % 3] ?? 'POST', path }
    await world.kube.faults.inject({ kind: 'cut', how: 'reset', afterBytes: 0, match, times: 1 })
    await world.kube.faults.inject({ kind: 'cut-all' })
    runs.push(judge(frames(['lines', '20', '50']), 20))
    if (fault === undefined) {
      await rotate(o.badMs)
      rotations += 1
    } else {
      await sleep(o.badMs)
      await fault.remove()
    }
    await sleep(o.goodMs)
  }
  await Promise.all(runs)
  await client.close()
  return { runs: runs.length, rotations, wrong }
}
