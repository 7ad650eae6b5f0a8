import { describe, expect, it } from 'vitest'
import { frame } from '../test/frames.ts'
import { playStage } from '../test/timeline.ts'

describe('a silent stream', () => {
  it('costs at most two requests a minute for six hours, and the next line comes at once', async () => {
    const hours = 6
    const {
      kubelet: server,
      texts,
      handedOverAt,
    } = await playStage({ framing: 'none' }, async ({ print, pass, kubelet }) => {
      print('before')
      await pass(hours * 3_600_000)
      print('after')
      await pass(1_000)
      kubelet.exit()
    })
    expect(texts).toEqual(['before', 'after'])
    expect((handedOverAt.get('after') ?? 0) - (handedOverAt.get('before') ?? 0)).toBe(hours * 3_600_000)
    // Besides the probes: the first connection, its renewal, the last read and the newest-line request after it.
    expect(server.connections.length).toBeLessThanOrEqual(hours * 60 * 2 + 4)
  })

  it('renews the connection before the kubelet cuts it at four hours', async () => {
    const { kubelet: server } = await playStage({ framing: 'none' }, async ({ print, pass, kubelet }) => {
      print('before')
      await pass(9 * 3_600_000)
      kubelet.exit()
    })
    const follows = server.connections.filter((connection) => connection.follow)
    expect(follows).toHaveLength(3)
    for (const [index, follow] of follows.entries()) {
      expect(follow.at - (follows[index - 1]?.at ?? follow.at)).toBeLessThan(4 * 3_600_000)
    }
  })

  it('notices a dead link within 30 s of the last byte', async () => {
    const { texts, diagnostics, printed, handedOverAt } = await playStage(
      { framing: 'none' },
      async ({ print, pass, kubelet }) => {
        print('one')
        await pass(1_000)
        kubelet.breakAll('half-open')
        print('two')
        await pass(40_000)
        kubelet.exit()
      },
    )
    expect(texts).toEqual(printed)
    expect(diagnostics.map((item) => item.code)).toContain('stalled')
    // 30 s of silence, then a wait with jitter of at most one second.
    expect((handedOverAt.get('two') ?? 0) - (handedOverAt.get('one') ?? 0)).toBeLessThanOrEqual(31_000)
  })

  it.each(['launcher', 'none'] as const)(
    'does not leave a connection whose %s lines are only late',
    async (framing) => {
      const line = (seq: number, text: string): string =>
        framing === 'none' ? text : frame(seq, 'o', text).toString().slice(0, -1)
      const {
        texts,
        diagnostics,
        kubelet: server,
      } = await playStage({ framing }, async ({ print, pass, kubelet }) => {
        print(line(0, 'one'))
        await pass(1_000)
        const release = kubelet.hold()
        print(line(1, 'two'))
        // The newest line is requested at 28 s of silence, and is not delivered yet.
        await pass(28_000)
        release()
        await pass(20_000)
        kubelet.exit()
      })
      expect(texts).toEqual(['one', 'two'])
      expect(diagnostics).toEqual([])
      expect(server.connections.filter(({ tailLines }) => tailLines === 1).map(({ follow }) => follow)).toContain(false)
      expect(server.connections.filter(({ follow }) => follow)).toHaveLength(1)
    },
  )

  it.each(['launcher', 'none'] as const)(
    'does not read a whole %s file again because of a dead link, unless the clock went back',
    async (framing) => {
      const frames = (seq: number, text: string): string =>
        framing === 'none' ? text : frame(seq, 'o', text).toString().slice(0, -1)
      const play = async (skewMs: number) => {
        let bytesSent = 0
        const played = await playStage({ framing }, async ({ print, pass, kubelet }) => {
          for (let seq = 0; seq < 500; seq++) print(frames(seq, `${seq} ${'x'.repeat(100)}`))
          await pass(60_000)
          print(frames(500, 'one'))
          await pass(1_000)
          kubelet.breakAll('half-open')
          print(frames(501, 'two'), skewMs)
          await pass(100_000)
          ;({ bytesSent } = kubelet)
          kubelet.exit()
        })
        return { ...played, bytesSent }
      }
      const [dead, stepped] = [await play(0), await play(-1_800_000)]
      for (const { texts, gaps } of [dead, stepped]) {
        expect(texts.slice(-2)).toEqual(['one', 'two'])
        expect(texts).toHaveLength(502)
        expect(gaps).toEqual([])
      }
      const wholeFile = 500 * 130
      expect(dead.bytesSent).toBeLessThan(wholeFile * 1.5)
      expect(stepped.bytesSent).toBeGreaterThan(wholeFile * 2)
      // Plain lines of an older time wait two seconds for what may follow.
      const late = (stepped.handedOverAt.get('two') ?? 0) - (dead.handedOverAt.get('two') ?? 0)
      expect(late).toBeLessThanOrEqual(framing === 'none' ? 2_000 : 0)
    },
  )

  it('finds the lines that a follower stuck in a renamed file does not send', async () => {
    // 60 MB to read, rotated before the first end of file; tailLines=1 showed newer lines all the time.
    const { texts, printed } = await playStage({ framing: 'none' }, async ({ print, pass, kubelet }) => {
      for (let i = 0; i < 50; i++) print(`old ${i}`)
      await pass(10)
      kubelet.rotateUnseen()
      for (let i = 0; i < 5; i++) print(`new ${i}`)
      await pass(60_000)
      kubelet.exit()
    })
    expect(texts).toEqual(printed)
  })

  it.each([
    ['soon, after as much as makes a file rotate', 1_500, 31_000],
    ['as late as the caller wishes, after little', 15, 1_801_000],
  ])('finds them %s', async (_, lines, withinMs) => {
    const options = { silenceMs: 1_800_000 }
    const { texts, printed, handedOverAt } = await playStage({ framing: 'none', options }, async (stage) => {
      const { print, pass, kubelet } = stage
      for (let i = 0; i < lines; i++) print(`old ${i} ${'x'.repeat(1_000)}`)
      await pass(10)
      kubelet.rotateUnseen()
      print('new')
      await pass(2_000_000)
      kubelet.exit()
    })
    expect(texts).toEqual(printed)
    const waited = (handedOverAt.get('new') ?? 0) - (handedOverAt.get(printed[0] ?? '') ?? 0)
    expect(waited).toBeLessThanOrEqual(withinMs)
    expect(waited).toBeGreaterThan(withinMs - 4_000)
  })

  it.each(['half-open', 'fin'] as const)(
    'in the middle of a file that is sent again does not make its lines count as new (%s)',
    async (how) => {
      const { texts, gaps, printed } = await playStage({ framing: 'none' }, async ({ print, pass, kubelet }) => {
        for (let i = 0; i < 60; i++) {
          print(`line ${i}`)
          await pass(1_000)
        }
        kubelet.rereadNewest()
        kubelet.breakAll(how)
        await pass(20_000)
        print('after')
        await pass(60_000)
        kubelet.exit()
      })
      expect(texts).toEqual(printed)
      expect(gaps).toEqual([])
    },
  )

  it('does not take the last part of a long line for a newer line repeatedly', async () => {
    const { kubelet: server, texts } = await playStage({ framing: 'none' }, async ({ clock, pass, kubelet }) => {
      const ns = BigInt(clock.now()) * 1_000_000n
      kubelet.write(ns, Buffer.from('head-'), 'P')
      kubelet.write(ns + 5n, Buffer.from('tail'), 'F')
      await pass(3_600_000)
      kubelet.exit()
    })
    expect(texts).toEqual(['head-tail'])
    expect(server.connections.length).toBeLessThanOrEqual(128)
  })

  it('is polled while the node has no inotify instance left, and followed again later', async () => {
    const words = 'failed to create fsnotify watcher: too many open files'
    const {
      texts,
      printed,
      diagnostics,
      kubelet: server,
    } = await playStage(
      {
        framing: 'none',
        kubelet: { fault: ({ follow, at }) => (follow && at < Date.UTC(2026, 10, 21, 9, 1) ? { words } : undefined) },
      },
      async ({ print, pass, kubelet }) => {
        for (let minute = 0; minute < 10; minute++) {
          for (let i = 0; i < 20; i++) {
            print(`line ${minute}/${i}`)
            await pass(3_000)
          }
        }
        kubelet.exit()
      },
    )
    expect(texts).toEqual(printed)
    expect(diagnostics.filter((item) => item.code === 'too_many_open_files')).toHaveLength(1)
    expect(server.connections.filter((connection) => !connection.follow).length).toBeGreaterThan(50)
    expect(server.connections.filter((connection) => connection.follow)).toHaveLength(2)
  })
})
