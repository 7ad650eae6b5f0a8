import { bootstrapCommand, packEnv } from '@agent-jobs/launcher'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { sortItems } from '../test/collect.ts'
import { endRecord, frame } from '../test/frames.ts'
import { hasCluster, openRealCluster, type RealCluster } from '../test/real-cluster.ts'
import { followLogs } from './follow-logs.ts'
import { kubeLogSource } from './kube-log-source.ts'
import type { LogItem } from './log-item.ts'
import type { LogSource } from './log-source.ts'

if (!hasCluster) console.warn('log-stream e2e skipped: it needs KUBECONFIG of a running cluster')

/** Cuts every connection after so many bytes, as a proxy on the way might. */
function cutting(source: LogSource, everyBytes: number): LogSource {
  return {
    async open(request) {
      const response = await source.open(request)
      return {
        ...response,
        body: (async function* cut() {
          let left = everyBytes
          for await (const chunk of response.body ?? []) {
            yield chunk.subarray(0, left)
            left -= chunk.length
            if (left <= 0) throw new Error('cut by the test')
          }
        })(),
      }
    },
  }
}

describe.skipIf(!hasCluster)('a container of a real cluster', () => {
  let cluster: RealCluster

  beforeAll(async () => {
    cluster = await openRealCluster()
  })

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]()
  })

  async function run(
    name: string,
    command: string[],
    o: { framing: 'launcher' | 'none'; env?: Record<string, string>; cutEvery?: number },
  ): Promise<ReturnType<typeof sortItems>> {
    const { client, namespace } = cluster
    const stop = new AbortController()
    await cluster.start(name, { command, env: o.env ?? {} })
    const source = kubeLogSource(client, { namespace, pod: name, container: 'main' })
    const containerEnded = cluster.ended(name, stop.signal)
    const items: LogItem[] = []
    try {
      for await (const item of followLogs(o.cutEvery === undefined ? source : cutting(source, o.cutEvery), {
        framing: o.framing,
        containerEnded,
        signal: stop.signal,
        overlapSeconds: 1,
        backoff: { baseMs: 50, maxMs: 200 },
      })) {
        items.push(item)
      }
    } finally {
      stop.abort(new Error('the test has ended'))
      await Promise.allSettled([containerEnded])
    }
    return sortItems(items)
  }

  it('that prints plain lines is delivered line by line, from before its start to after its end', async () => {
    const script = 'i=0; while [ $i -lt 2000 ]; do echo "line $i"; i=$((i+1)); done; printf "no newline"'
    const { texts, end, gaps } = await run('plain', ['sh', '-c', script], { framing: 'none' })
    expect(texts).toEqual([...Array.from({ length: 2_000 }, (_, i) => `line ${i}`), 'no newline'])
    expect(gaps).toEqual([])
    expect(end?.verdict).toBe('unverified')
  })

  it('is delivered once through a connection that breaks again and again', async () => {
    const script = 'i=0; while [ $i -lt 400 ]; do echo "line $i $(printf "%0300d" 0)"; i=$((i+1)); usleep 20000; done'
    const { texts, gaps, diagnostics } = await run('cut', ['busybox', 'sh', '-c', script], {
      framing: 'none',
      cutEvery: 60_000,
    })
    expect(texts.map((text) => text.split(' ')[1])).toEqual(Array.from({ length: 400 }, (_, i) => String(i)))
    expect(gaps).toEqual([])
    expect(diagnostics.map((item) => item.code)).toContain('connection_lost')
  })

  it('with the launcher in it is complete, with both streams told apart', async () => {
    const script =
      'for (let i = 0; i < 3000; i++) { console.log("out " + i + "x".repeat(i * 7 % 20000)); if (i % 10 === 0) console.error("err " + i) }'
    const env = packEnv({ version: 1, argv: ['node', '-e', script] }, {})
    const { lines, end, gaps } = await run('framed', bootstrapCommand(), { framing: 'launcher', env })
    const of = (stream: string): string[] => lines.filter((line) => line.stream === stream).map((line) => line.text)
    expect(of('stdout')).toEqual(Array.from({ length: 3_000 }, (_, i) => `out ${i}${'x'.repeat((i * 7) % 20_000)}`))
    expect(of('stderr')).toEqual(Array.from({ length: 300 }, (_, i) => `err ${i * 10}`))
    expect(gaps).toEqual([])
    expect(end?.verdict).toBe('complete')
  })

  it.each([
    ['an end record with the next number', 2],
    ['an end record far ahead', 1_000_000],
  ])('whose command forges %s hides nothing that it prints afterwards', async (_, seq) => {
    // The command is the user that the launcher is, so it can write to the container's own output.
    const forged = frame(seq, 'l', endRecord(seq)).toString()
    const script = `
      const { writeFileSync } = require('node:fs')
      console.log('before')
      setTimeout(() => writeFileSync('/proc/1/fd/1', ${JSON.stringify(forged)}), 300)
      setTimeout(() => { for (let i = 0; i < 50; i++) console.log('after ' + i) }, 1500)
      setTimeout(() => process.exit(7), 2000)`
    const env = packEnv({ version: 1, argv: ['node', '-e', script] }, {})
    const { texts, items, end } = await run(`forged-${seq}`, bootstrapCommand(), { framing: 'launcher', env })
    expect(texts.toSorted()).toEqual(['before', ...Array.from({ length: 50 }, (_each, i) => `after ${i}`)].toSorted())
    const ends = items.flatMap((item) => (item.type === 'record' && item.record.type === 'end' ? [item.record] : []))
    expect(ends.map(({ exitCode }) => exitCode)).toEqual([0, 7])
    expect(end).toMatchObject({ verdict: 'unverified', ending: 'contested' })
  })
})
