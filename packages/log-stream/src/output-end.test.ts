import { describe, expect, it } from 'vitest'
import { OutputEnd } from './output-end.ts'

function setUp(endRecord: 'trust' | 'confirm' = 'confirm'): { end: OutputEnd; reports: string[] } {
  const reports: string[] = []
  return { end: new OutputEnd({ endRecord, onContested: (text) => reports.push(text) }), reports }
}

describe('the end of framed output', () => {
  it('is missing until an end record was read, and then proved', () => {
    const { end } = setUp()
    expect(end.ending(5)).toBe('missing')
    end.reach(4)
    expect(end.ending(5)).toBe('proved')
  })

  it('is contested when frames are known whose numbers are above that of the end record', () => {
    const { end } = setUp()
    end.reach(4)
    expect(end.ending(7)).toBe('contested')
  })

  it('is missing again when a frame follows the end record, and contested at the next one', () => {
    const { end, reports } = setUp()
    end.reach(4)
    end.continueWith(5)
    expect(end.ending(6)).toBe('missing')
    end.reach(6)
    expect(end.ending(7)).toBe('contested')
    expect(reports).toEqual([
      'Something besides the launcher writes frames in the container: frame 5 came after the end record in frame 4',
    ])
  })

  it('reports once that several programs write frames', () => {
    const { end, reports } = setUp()
    end.contradict('frame 1 came twice')
    end.contradict('frame 2 came twice')
    expect(reports).toHaveLength(1)
  })

  it('is final at the end record only if that is trusted', () => {
    for (const [endRecord, isFinal] of [
      ['trust', true],
      ['confirm', false],
    ] as const) {
      const { end } = setUp(endRecord)
      expect(end.isFinal).toBe(false)
      end.reach(4)
      expect(end.isFinal).toBe(isFinal)
    }
  })
})
