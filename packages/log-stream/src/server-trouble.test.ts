import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { collect } from '../test/collect.ts'
import { FakeKubelet, type FakeKubeletOptions } from '../test/fake-kubelet.ts'
import { randomLines, seededRandom } from '../test/random.ts'
import { runScenario } from '../test/scenario.ts'
import { playStage } from '../test/timeline.ts'
import type { LogSource } from './log-source.ts'

const framings = ['launcher', 'none'] as const
const responses = new URL('__fixtures__/log-responses/', import.meta.url)

interface Recording {
  status: number
  headers: Record<string, string>
  body: unknown
}
const recording = (name: string): Recording => JSON.parse(readFileSync(new URL(name, responses), 'utf8')) as Recording

interface SemanticsCase {
  name: string
  disk: string
  query: { timestamps?: string; follow?: string; sinceTime?: string; tailLines?: string; limitBytes?: string }
  status: number
  body: string
}
const { cases } = JSON.parse(
  readFileSync(new URL('__fixtures__/log-semantics/cases.json', import.meta.url), 'utf8'),
) as {
  cases: SemanticsCase[]
}

/** A server that always gives the same body. */
const fixed = (body: string): LogSource => ({
  open: async () => ({
    status: 200,
    headers: {},
    body: (async function* one() {
      yield Buffer.from(body)
    })(),
  }),
})

describe('an error text of the kubelet in a body', () => {
  const words = [
    ...readdirSync(responses)
      .filter((name) => name.startsWith('200'))
      .map((name) => String(recording(name).body).split('\n').at(-1) ?? '')
      .filter((text) => text !== '' && !text.includes('too many open files')),
    'rpc error: code = NotFound desc = an error occurred when try to find container "x": not found',
    'failed to get parse function: unsupported log format: "garbage\\n"',
    'http2: client connection lost',
  ]
  const lines = randomLines(seededRandom(8), 12)

  describe.each(framings)('%s', (framing) => {
    it.each(words)('is a diagnostic at every position and never a line: %s', async (text) => {
      const total = (await runScenario({ framing, lines })).kubelet.bytesSent
      for (let cutAfter = 0; cutAfter <= total; cutAfter += 13) {
        const { texts, gaps } = await runScenario({
          framing,
          lines,
          kubelet: { fault: ({ index }) => (index === 0 ? { cutAfter, words: text } : undefined) },
        })
        expect({ cutAfter, texts, gaps }).toEqual({ cutAfter, texts: lines, gaps: [] })
      }
    })
  })

  it('with a newline after it, for an hour, is neither a line nor a loss, and never rereads the whole file', async () => {
    const numbered = Array.from({ length: 300 }, (_, n) => `line ${n} ${'x'.repeat(100)}`)
    const text = 'unable to retrieve container logs for containerd://1\n'
    let bytes = 0
    const { texts, gaps, diagnostics } = await playStage(
      { framing: 'none', kubelet: { fault: ({ follow }) => (follow ? { words: text } : undefined) } },
      async ({ print, pass, kubelet }) => {
        for (const [n, line] of numbered.entries()) {
          print(line)
          if (n % 10 === 9) await pass(2_000)
        }
        await pass(3_600_000)
        bytes = kubelet.bytesSent / kubelet.connections.length
        kubelet.exit()
      },
    )
    expect(texts).toEqual(numbered)
    expect(gaps).toEqual([])
    expect(diagnostics.filter(({ code }) => code === 'headless_fragment').length).toBeLessThan(5)
    expect(bytes).toBeLessThan(numbered.length * 60)
  })

  it('is reported once as long as it lasts', async () => {
    const text = 'unable to retrieve container logs for containerd://1'
    const { diagnostics, texts } = await runScenario({
      framing: 'none',
      lines: ['a', 'b'],
      kubelet: { fault: ({ index }) => (index < 20 ? { cutAfter: 0, words: text } : undefined) },
    })
    expect(texts).toEqual(['a', 'b'])
    expect(diagnostics).toEqual([{ type: 'diagnostic', code: 'kubelet_text', text }])
  })
})

describe('a log that is gone', () => {
  it.each([
    ['failed to try resolving symlinks in path "/var/log/x": lstat /var/log/x: no such file or directory', 10_000],
    ['unable to retrieve container logs for containerd://1', 120_000],
  ])('stops the follower a while after the container has ended: %s', async (text, doubtMs) => {
    let elapsedMs = () => 0
    const fault: FakeKubeletOptions['fault'] = ({ index }) => (index > 0 ? { cutAfter: 0, words: text } : undefined)
    const { texts, diagnostics } = await playStage(
      { framing: 'none', options: { drainMs: 600_000 }, kubelet: { fault } },
      async ({ print, pass, kubelet, clock }) => {
        print('a')
        await pass(1_000)
        kubelet.exit()
        const exitedAt = clock.now()
        elapsedMs = () => clock.now() - exitedAt
      },
    )
    const waitedMs = elapsedMs()
    expect(texts).toEqual(['a'])
    expect(diagnostics.at(-1)).toMatchObject({ code: 'drain_failed', text: expect.stringContaining(text) })
    expect(waitedMs).toBeGreaterThanOrEqual(doubtMs)
    expect(waitedMs).toBeLessThan(doubtMs + 60_000)
  })
})

describe('an answer that is not a log', () => {
  const patient = readdirSync(responses).filter(
    (name) => /^(204|400-(con|im|not|pod)|404-kub|500)/.test(name) && !/required|unknown/.test(name),
  )

  describe.each(framings)('%s', (framing) => {
    it.each(patient)('%s is retried', async (name) => {
      const { texts } = await runScenario({
        framing,
        lines: ['a', 'b'],
        kubelet: { fault: ({ index }) => (index < 10 ? { answer: recording(name) } : undefined) },
      })
      expect(texts).toEqual(['a', 'b'])
    })

    it.each([401, 429, 502, 503])('status %d is retried', async (status) => {
      const { texts } = await runScenario({
        framing,
        lines: ['a'],
        kubelet: { fault: ({ index }) => (index < 10 ? { answer: { status, body: '<html>' } } : undefined) },
      })
      expect(texts).toEqual(['a'])
    })

    it.each(['400-container-unknown.json', '400-container-required.json', '422-stream.json'])(
      '%s is an error that says what to do',
      async (name) => {
        const run = runScenario({ framing, lines: ['a'], kubelet: { fault: () => ({ answer: recording(name) }) } })
        await expect(run).rejects.toMatchObject({ code: 'request_refused', message: expect.stringContaining('Check') })
      },
    )

    it('status 403 is retried for half a minute, as from a server that has not read its roles yet', async () => {
      const forbidden = { status: 403, body: { message: 'RBAC: clusterrole.rbac.authorization.k8s.io "x" not found' } }
      const until = (ms: number) => {
        let first: number | undefined
        return ({ at }: { at: number }) => (at - (first ??= at) < ms ? { answer: forbidden } : undefined)
      }
      const play = (ms: number) => runScenario({ framing, lines: ['a'], kubelet: { fault: until(ms) } })
      const { texts, diagnostics } = await play(25_000)
      expect(texts).toEqual(['a'])
      expect(diagnostics.map(({ code }) => code)).toEqual(['request_failed'])
      await expect(play(120_000)).rejects.toMatchObject({
        code: 'request_refused',
        message: expect.stringContaining('may get pods/log') as string,
      })
    })

    it('a pod that is gone ends the stream unverified', async () => {
      const { end, texts, diagnostics } = await runScenario({
        framing,
        lines: ['a', 'b', 'c'],
        kubelet: {
          fault: ({ index }) => (index === 0 ? { cutAfter: 60, how: 'rst' } : { answer: recording('404-pod.json') }),
        },
      })
      expect(texts.length).toBeLessThan(3)
      expect(end?.verdict).toBe('unverified')
      expect(diagnostics.map((item) => item.code)).toContain('drain_failed')
    })
  })

  it('waits as long as Retry-After says', async () => {
    const { kubelet } = await runScenario({
      framing: 'none',
      lines: ['a'],
      kubelet: {
        fault: ({ index }) => (index === 0 ? { answer: { status: 429, headers: { 'retry-after': '25' } } } : undefined),
      },
    })
    expect((kubelet.connections[1]?.at ?? 0) - (kubelet.connections[0]?.at ?? 0)).toBeGreaterThanOrEqual(25_000)
  })

  it('waits out an API server that is away for half an hour', async () => {
    const back = Date.UTC(2026, 10, 21, 9, 31)
    const {
      texts,
      printed,
      kubelet: server,
    } = await playStage(
      {
        framing: 'none',
        kubelet: { fault: ({ at }) => (at > Date.UTC(2026, 10, 21, 9, 1) && at < back ? { refuse: true } : undefined) },
      },
      async ({ print, pass, kubelet }) => {
        for (let i = 0; i < 45; i++) {
          print(`minute ${i}`)
          if (i === 1) kubelet.breakAll('rst')
          await pass(60_000)
        }
        kubelet.exit()
      },
    )
    expect(texts).toEqual(printed)
    // Full jitter with a cap of 10 s, here always at its middle.
    expect(server.connections.length).toBeLessThan((30 * 60) / 4)
  })

  it('gives up the drain after its time limit and reports it', async () => {
    const kubelet = new FakeKubelet({
      fault: ({ index }) =>
        index > 0 ? { words: 'unable to retrieve container logs for containerd://1', cutAfter: 0 } : { cutAfter: 40 },
    })
    kubelet.writeLine(1_795_251_600_000_000_000n, Buffer.from('some'))
    kubelet.exit()
    const { end, diagnostics } = await collect(kubelet, { framing: 'none', containerEnded: kubelet.ended })
    expect(diagnostics.map((item) => item.code)).toEqual(['kubelet_text', 'drain_failed'])
    expect(end?.verdict).toBe('unverified')
  })
})

describe('the recorded answers of a real kubelet, read as a container that has ended', () => {
  const stamped = cases.filter(
    ({ query }) =>
      query.timestamps === 'true' &&
      query.limitBytes === undefined &&
      query.sinceTime === undefined &&
      query.tailLines === undefined,
  )
  it.each(stamped.map((each) => [`${each.name} ${JSON.stringify(each.query)}`, each] as const))(
    '%s',
    async (_name, { body }) => {
      const { texts, diagnostics } = await collect(fixed(body), { framing: 'none', containerEnded: Promise.resolve() })
      const physical = body.split('\n')
      if (physical.at(-1) === '') physical.pop()
      const expected = physical.flatMap((line) => (/^\d{4}-/.test(line) ? [line.slice(line.indexOf(' ') + 1)] : []))
      expect(texts).toEqual(expected)
      expect(diagnostics.some((item) => item.code !== 'clock_stepped_back')).toBe(physical.length > expected.length)
    },
  )

  it.each(
    cases
      .filter(({ query }) => query.timestamps === 'true' && query.sinceTime !== undefined)
      .map((each) => [`${each.name} since ${each.query.sinceTime}`, each] as const),
  )('a headless piece is never a line: %s', async (_name, { body }) => {
    const { texts, diagnostics } = await collect(fixed(body), { framing: 'none', containerEnded: Promise.resolve() })
    const physical = body.split('\n').filter((line) => line !== '')
    const headless = physical.filter((line) => !/^\d{4}-/.test(line))
    expect(texts).toHaveLength(physical.length - headless.length)
    expect(diagnostics.filter((item) => item.code === 'headless_fragment').map((item) => item.text)).toEqual(headless)
  })

  it('agree with the fake kubelet of these tests', async () => {
    for (const { disk, query, body, name } of cases) {
      if (query.timestamps !== 'true' || query.limitBytes !== undefined) continue
      const parts = disk.split('\n').map((line) => /^(\d\S+)Z (?:stdout|stderr) ([FP]) (.*)$/s.exec(line))
      // Damaged files, other formats and zones are the kubelet's affair: only what the fake claims is compared.
      if (!disk.endsWith('\n') || parts.slice(0, -1).includes(null)) continue
      const kubelet = new FakeKubelet()
      for (const part of parts) {
        if (part === null) continue
        const [, stamp = '', tag = 'F', text = ''] = part
        const [seconds = '', fraction = ''] = stamp.split('.')
        const ns = BigInt(Date.parse(`${seconds}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0'))
        kubelet.write(ns, Buffer.from(text), tag === 'P' ? 'P' : 'F')
      }
      kubelet.exit()
      const response = await kubelet.open({
        follow: query.follow === 'true',
        signal: new AbortController().signal,
        ...(query.sinceTime === undefined ? {} : { sinceTime: `${query.sinceTime.slice(0, 19)}Z` }),
        ...(query.tailLines === undefined ? {} : { tailLines: Number(query.tailLines) }),
      })
      const pieces: Uint8Array[] = []
      for await (const piece of response.body ?? []) pieces.push(piece)
      expect(`${name}: ${Buffer.concat(pieces).toString()}`).toBe(`${name}: ${body}`)
    }
  })
})
