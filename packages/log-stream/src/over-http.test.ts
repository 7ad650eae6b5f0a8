import { createKubeClient } from '@agent-jobs/kube-api'
import { followLogs, type FollowOptions, kubeLogSource, type LogCursor, type LogSource } from '@agent-jobs/log-stream'
import { KubeConfig } from '@kubernetes/client-node'
import { describe, expect, it } from 'vitest'
import { sortItems } from '../test/collect.ts'
import { FakeKubelet, type FakeKubeletOptions } from '../test/fake-kubelet.ts'
import { framedRun } from '../test/frames.ts'
import { serveKubelet } from '../test/http-kubelet.ts'
import { pick, randomLines, seededRandom } from '../test/random.ts'
import { nineOclock } from '../test/scenario.ts'

const seed = Number(process.env['AGENT_JOBS_TEST_SEED'] ?? Date.now() & 0xffff)

/** The ways to the log: nothing but `fetch`, and our client. Both over real sockets. */
const ways: Record<string, (url: string) => { source: LogSource; close: () => Promise<void> }> = {
  'nothing but fetch': (url) => ({
    source: {
      open({ signal, follow, sinceTime, tailLines }) {
        const query = new URLSearchParams({ timestamps: 'true', follow: String(follow) })
        if (sinceTime !== undefined) query.set('sinceTime', sinceTime)
        if (tailLines !== undefined) query.set('tailLines', String(tailLines))
        return fetch(`${url}/log?${query}`, { signal })
      },
    },
    close: async () => undefined,
  }),
  'kube-api': (url) => {
    const kubeConfig = new KubeConfig()
    kubeConfig.loadFromClusterAndUser({ name: 'c', server: url, skipTLSVerify: false }, { name: 'u', token: 't' })
    const client = createKubeClient({ kubeConfig })
    const source = kubeLogSource(client, { namespace: 'ns', pod: 'pod', container: 'main' })
    return { source, close: () => client.close() }
  },
}

/** Everything at once: both kinds of cuts, odd pieces, refusals of every kind, messages from the kubelet. */
function trouble(random: () => number): FakeKubeletOptions {
  const answers = [
    { status: 204 },
    { status: 404, body: { kind: 'Status', message: 'pods/log not found', details: { kind: 'pods/log' } } },
    { status: 429, headers: { 'retry-after': '0' }, body: { message: 'slow down' } },
    { status: 500, body: { message: 'dial tcp: connection refused' } },
    { status: 503, body: 'upstream connect error' },
    { status: 400, body: { message: 'container "main" is waiting to start: ContainerCreating' } },
  ]
  return {
    chunk(bytes) {
      const pieces: Buffer[] = []
      for (let at = 0; at < bytes.length;) {
        const length = pick(random, 1, 9_000)
        pieces.push(bytes.subarray(at, at + length))
        at += length
      }
      return pieces
    },
    fault({ follow }) {
      const kind = random()
      const answer = answers[pick(random, 0, answers.length - 1)]
      if (kind < 0.3 && answer !== undefined) return { answer }
      if (kind < 0.35)
        return { cutAfter: pick(random, 0, 30_000), words: 'unable to retrieve container logs for x://1' }
      if (kind < 0.9 && follow) return { cutAfterNew: pick(random, 1, 8_000), how: kind < 0.6 ? 'rst' : 'fin' }
      return undefined
    },
  }
}

describe.each(Object.entries(ways))(`a log that is read by %s (seed ${seed})`, (_, way) => {
  it.each(['launcher', 'none'] as const)(
    'comes line by line, once, through all troubles and a change of process: %s',
    async (framing) => {
      const random = seededRandom(seed)
      const kubelet = new FakeKubelet({ ...trouble(random), zoneMinutes: 345 })
      const lines = randomLines(random, 700, { maxBytes: 20_000 })
      const texts = lines.map((line) => Buffer.from(line))
      const physical =
        framing === 'none' ? texts : framedRun(texts.map((bytes, i) => ({ stream: i % 3 === 2 ? 'e' : 'o', bytes })))
      for (const [i, bytes] of physical.entries()) kubelet.writeLine(nineOclock + BigInt(i) * 50_000_000n, bytes)
      const sayEnded = kubelet.exitSilently()
      await using server = await serveKubelet(kubelet)
      const { source, close } = way(server.url)
      const options: FollowOptions = { framing, containerEnded: kubelet.ended, backoff: { baseMs: 1, maxMs: 5 } }
      const seen: string[] = []
      let cursor: LogCursor | undefined
      const follow = async (until: number): Promise<ReturnType<typeof sortItems>> => {
        const items = []
        const from = cursor === undefined ? {} : { cursor: JSON.parse(JSON.stringify(cursor)) as LogCursor }
        for await (const item of followLogs(source, { ...options, ...from })) {
          items.push(item)
          if (item.type !== 'line') continue
          seen.push(item.text)
          ;({ cursor } = item)
          if (seen.length === lines.length) sayEnded()
          if (seen.length === until) break
        }
        return sortItems(items)
      }
      for (const until of [100, 101, 400]) await follow(until)
      const last = await follow(Infinity)
      expect(seen).toEqual(lines)
      expect(last.gaps).toEqual([])
      expect(last.end?.verdict).toBe(framing === 'launcher' ? 'complete' : 'unverified')
      expect(kubelet.connections.some((each) => each.sinceTime !== undefined)).toBe(true)
      await close()
    },
  )

  it('is not there any more: the end comes at once', async () => {
    const gone = { kind: 'Status', message: 'pods "pod" not found', details: { kind: 'pods', name: 'pod' } }
    const kubelet = new FakeKubelet({ fault: () => ({ answer: { status: 404, body: gone } }) })
    await using server = await serveKubelet(kubelet)
    const { source, close } = way(server.url)
    const items = []
    for await (const item of followLogs(source, { framing: 'none', containerEnded: kubelet.ended })) items.push(item)
    expect(sortItems(items).end?.verdict).toBe('unverified')
    await close()
  })

  it('is left without a trace when the reader goes', async () => {
    const kubelet = new FakeKubelet()
    kubelet.writeLine(nineOclock, Buffer.from('one'))
    await using server = await serveKubelet(kubelet)
    const { source, close } = way(server.url)
    for await (const item of followLogs(source, { framing: 'none', containerEnded: kubelet.ended })) {
      if (item.type === 'line') break
    }
    await kubelet.idle()
    expect(server.requests).toHaveLength(1)
    await close()
  })
})
