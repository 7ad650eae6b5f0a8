import { describe, expect, it } from 'vitest'
import { LogPlace } from './log-place.ts'
import { isSameLine, NewestProbe } from './newest-probe.ts'
import { StampedLines, type TimedLine } from './stamped-lines.ts'

const at = (second: number, text: string): Buffer =>
  Buffer.from(`2026-11-21T09:00:${String(second).padStart(2, '0')}.100000000Z ${text}`)

function lineOf(bytes: Buffer): TimedLine {
  const found: TimedLine[] = []
  new StampedLines(100_000, { line: (line) => found.push(line as TimedLine), piece: () => undefined }).push(bytes)
  const [line] = found
  if (line === undefined) throw new Error('no line')
  return line
}

function setUp(): { place: LogPlace; probe: NewestProbe } {
  const place = new LogPlace({ overlapSeconds: 2, maxRecentLines: 100 })
  place.pass(lineOf(at(30, 'delivered\n')))
  return { place, probe: new NewestProbe(place) }
}

describe('the newest line of a silent log', () => {
  it('is the same if it was delivered, or has no timestamp', () => {
    const { probe } = setUp()
    expect(probe.judge(at(30, 'delivered\n'))).toBe('same')
    expect(probe.judge(Buffer.from('unable to retrieve container logs\n'))).toBe('same')
    expect(probe.judge(Buffer.alloc(0))).toBe('same')
  })

  it('is hidden if a request by time would leave it out', () => {
    const { probe } = setUp()
    expect(probe.judge(at(31, 'newer\n'))).toBe('newer')
    expect(probe.judge(at(28, 'older\n'))).toBe('newer')
    expect(probe.judge(at(27, 'older still\n'))).toBe('hidden')
  })

  it('is doubted when a new connection did not find it, and believed again at every sixtieth probe', () => {
    const { probe } = setUp()
    const answers = Array.from({ length: 121 }, () => probe.judge(at(31, 'a part\n')))
    expect(answers.flatMap((answer, index) => (answer === 'newer' ? [index] : []))).toEqual([0, 60, 120])
  })

  it('is not doubted after other lines were delivered', () => {
    const { place, probe } = setUp()
    expect(probe.judge(at(31, 'a part\n'))).toBe('newer')
    expect(probe.judge(at(31, 'a part\n'))).toBe('same')
    place.pass(lineOf(at(31, 'whole\n')))
    expect(probe.judge(at(31, 'a part\n'))).toBe('newer')
  })
})

describe('the answer to a probe', () => {
  it('is the line that was read if time and bytes are the same', () => {
    const line = lineOf(at(30, 'text\n'))
    expect(isSameLine(at(30, 'text\n'), line)).toBe(true)
    expect(isSameLine(at(30, 'text'), line)).toBe(true)
    expect(isSameLine(at(30, 'other\n'), line)).toBe(false)
    expect(isSameLine(at(31, 'text\n'), line)).toBe(false)
    expect(isSameLine(Buffer.from('text\n'), line)).toBe(false)
    expect(isSameLine(at(30, 'text\n'), undefined)).toBe(false)
  })

  it('is the line that was read if it is the last of its parts', () => {
    const line = lineOf(at(30, `${'x'.repeat(16_384)}rest\n`))
    expect(isSameLine(at(31, 'rest\n'), line)).toBe(true)
    expect(isSameLine(at(29, 'rest\n'), line)).toBe(false)
    expect(isSameLine(at(31, 'xrest\n'), line)).toBe(false)
  })
})
