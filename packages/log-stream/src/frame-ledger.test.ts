import type { LocatedFrame } from '@agent-jobs/frames'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { FrameLedger } from './frame-ledger.ts'

function frame(seq: number, text = `line ${seq}`, time = 1_000 + seq): LocatedFrame {
  const bytes = Buffer.from(text)
  return { seq, stream: 'o', time, flag: '.', bytes, from: 0, to: bytes.length }
}

const textOf = ({ bytes, from, to }: LocatedFrame): string => bytes.toString('utf8', from, to)

/** Takes frames as a tracker does that gives up every gap at once; returns the texts that were handed over. */
function follow(ledger: FrameLedger, frames: readonly LocatedFrame[], unknown: string[] = []): string[] {
  const texts: string[] = []
  for (const each of frames) {
    const standing = ledger.standing(each)
    if (standing === 'unknown') unknown.push(textOf(each))
    if (standing === 'repeated' || standing === 'unknown') continue
    if (standing === 'ahead') ledger.giveUpTo(each.seq)
    if (standing === 'late') ledger.fill(each)
    else if (standing === 'contested') ledger.contest(each)
    else ledger.take(each)
    texts.push(textOf(each))
  }
  return texts
}

describe('the ledger of frames', () => {
  it('tells each frame by its number', () => {
    const ledger = new FrameLedger({ next: 0 })
    expect(ledger.standing(frame(0))).toBe('next')
    ledger.take(frame(0))
    expect(ledger.standing(frame(0))).toBe('repeated')
    expect(ledger.standing(frame(0, 'another text'))).toBe('contested')
    expect(ledger.standing(frame(3))).toBe('ahead')
    expect(ledger.giveUpTo(3)).toEqual([1, 2])
    ledger.take(frame(3))
    expect(ledger.standing(frame(1))).toBe('late')
    ledger.fill(frame(1))
    expect([ledger.standing(frame(1)), ledger.standing(frame(2))]).toEqual(['repeated', 'late'])
    expect([ledger.lost(), ledger.lost(2), ledger.holes]).toEqual([1, 0, [[2, 2]]])
  })

  it.each([0, 9, 15, 16, 17, 20, 31, 33])('notices another text that differs only from byte %d on', (at) => {
    const followers = Array.from({ length: 40 }, () => {
      const ledger = new FrameLedger({ next: 0 })
      ledger.take(frame(0, 'x'.repeat(40)))
      return ledger.standing(frame(0, 'x'.repeat(at).padEnd(40, 'y')))
    })
    expect(followers.filter((standing) => standing === 'contested')).toHaveLength(40)
  })

  it('takes a contested frame once', () => {
    const ledger = new FrameLedger({ next: 0 })
    const forged = frame(0, 'forged')
    expect(follow(ledger, [frame(0), forged, forged, frame(0), forged])).toEqual(['line 0', 'forged'])
  })

  it.each([{ stream: 'e' }, { flag: '+' }, { time: 999 }, { bytes: Buffer.from('line 1') }, { to: 5 }] as const)(
    'tells two frames of one number apart by %j',
    (difference) => {
      const ledger = new FrameLedger({ next: 0 })
      ledger.take(frame(0))
      expect(ledger.standing({ ...frame(0), ...difference })).toBe('contested')
    },
  )

  it('delivers every frame of the launcher whatever frames are forged between them, or reports that it cannot know', () => {
    const number = fc.oneof(fc.nat(40), fc.constantFrom(5_000, 1_000_000, 1_000_001))
    const forged = fc.record({ seq: number, text: fc.constantFrom('a', 'b'), time: fc.nat(3) })
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant('genuine'), forged), { maxLength: 60 }), (writes) => {
        let seq = 0
        const written = writes.map((write) =>
          write === 'genuine' || typeof write === 'string' ? frame(seq++) : frame(write.seq, write.text, write.time),
        )
        const unknown: string[] = []
        const texts = follow(new FrameLedger({ next: 0 }), written, unknown)
        const genuine = Array.from({ length: seq }, (_, n) => `line ${n}`).filter((text) => !unknown.includes(text))
        expect(texts.filter((text) => text.startsWith('line'))).toEqual(genuine)
        // Only so many jumps are remembered.
        expect(unknown.length === 0 || new Set(written.map((each) => each.seq)).size > 8).toBe(true)
      }),
    )
  })

  it('delivers each frame once however often a server repeats the file', () => {
    fc.assert(
      fc.property(fc.nat(30), fc.array(fc.nat(30), { maxLength: 6 }), (length, cuts) => {
        const all = Array.from({ length }, (_, seq) => frame(seq))
        const served = [...cuts.flatMap((cut) => all.slice(0, cut)), ...all]
        expect(follow(new FrameLedger({ next: 0 }), served)).toEqual(all.map((_, seq) => `line ${seq}`))
      }),
    )
  })

  it.each([0, 5_000_000])('still tells repetitions after many frames from %d on', (first) => {
    const ledger = new FrameLedger({ next: first })
    for (let n = 0; n < 300_000; n += 1) ledger.take(frame(first + n))
    const standings = [0, 37_856, 37_857, 299_999].map((n) => ledger.standing(frame(first + n)))
    expect(new Set(standings)).toEqual(new Set(['repeated', 'unknown']))
    // One log file of the kubelet is remembered; older numbers can only be repetitions.
    const forged = [37_855, 37_856, 299_999].map((n) => ledger.standing(frame(first + n, 'forged')))
    expect(forged).toEqual(['unknown', 'contested', 'contested'])
  })

  it('recognises repetitions on both sides of a jump', () => {
    const ledger = new FrameLedger({ next: 0 })
    for (const seq of [0, 1, 2]) ledger.take(frame(seq))
    ledger.giveUpTo(1_000_000)
    for (const seq of [1_000_000, 1_000_001]) ledger.take(frame(seq))
    const standings = [0, 1_000_000, 1_000_001].map((seq) => ledger.standing(frame(seq)))
    expect(standings).toEqual(['repeated', 'repeated', 'repeated'])
    expect([0, 1_000_000].map((seq) => ledger.standing(frame(seq, 'forged')))).toEqual(['contested', 'contested'])
    expect(ledger.standing(frame(5))).toBe('late')
  })

  it('continues from a cursor with its gaps and losses', () => {
    const ledger = new FrameLedger({ next: 10, holes: [[3, 4]], lost: 5 })
    expect([ledger.lost(), ledger.standing(frame(3)), ledger.standing(frame(5))]).toEqual([5, 'late', 'unknown'])
    ledger.fill(frame(3))
    expect([ledger.lost(), ledger.holes]).toEqual([4, [[4, 4]]])
  })

  it('keeps a bounded number of gaps and of contested frames, and the count of what is lost', () => {
    const ledger = new FrameLedger({ next: 0 })
    for (let seq = 1; seq < 1_000; seq += 2) {
      ledger.giveUpTo(seq)
      ledger.take(frame(seq))
    }
    expect(ledger.holes.length).toBeLessThanOrEqual(64)
    expect(ledger.lost()).toBe(500)
    const answers = Array.from({ length: 2_000 }, (_, n) => ledger.contest(frame(999, `forged ${n}`)))
    expect(answers.filter(Boolean)).toHaveLength(1_024)
  })
})
