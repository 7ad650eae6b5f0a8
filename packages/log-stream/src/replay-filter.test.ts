import { describe, expect, it } from 'vitest'
import { LineWriter } from './line-writer.ts'
import type { LogItem } from './log-item.ts'
import { LogPlace } from './log-place.ts'
import { ReplayFilter } from './replay-filter.ts'

const second = 1_000_000_000n

/** A filter with its place in the log; lines are named by letters, and their hash is the letter. */
function setUp(maxHeldBytes = 10_000) {
  const items: string[] = []
  const emit = (item: LogItem): void => {
    if (item.type === 'line') items.push(item.text)
    else if (item.type === 'gap') items.push(`gap: ${item.reason}`)
    else if (item.type === 'diagnostic') items.push(item.code)
  }
  const place = new LogPlace({ overlapSeconds: 2, maxRecentLines: 100 })
  const writer = new LineWriter({ place, limits: { maxLineBytes: 1_000, longLines: 'parts' }, emit })
  const filter = new ReplayFilter({ place, writer, maxHeldBytes })
  const add = (text: string, seconds: number): void =>
    filter.add({ ns: BigInt(seconds) * second, bytes: Buffer.from(text), high: 0, low: text.charCodeAt(0) })
  /** What is emitted by these lines, as letter and second. */
  const send = (...lines: string[]): string[] => {
    items.length = 0
    for (const line of lines) add(line.slice(0, 1), Number(line.slice(1)))
    return [...items]
  }
  return { filter, send, items }
}

describe('the filter of replayed lines', () => {
  it('passes lines on at once while nothing can be a repetition', () => {
    const { filter, send } = setUp()
    expect(send('a10', 'b11', 'c11')).toEqual(['a', 'b', 'c'])
    expect(filter.isUndecided).toBe(false)
  })

  it('drops the lines that a new connection sends again', () => {
    const { filter, send } = setUp()
    send('a10', 'b11', 'c12')
    filter.begin(undefined)
    expect(send('a10', 'b11', 'c12', 'd13')).toEqual(['d'])
    expect(filter.isReplaying).toBe(false)
  })

  it('drops unknown lines before a known one: they were printed before it', () => {
    const { filter, send } = setUp()
    send('a10', 'b11')
    filter.begin(undefined)
    expect(send('x9')).toEqual([])
    expect(filter.isUndecided).toBe(true)
    expect(send('a10', 'b11')).toEqual([])
    expect(filter.isUndecided).toBe(false)
  })

  it('reports a gap before new lines that no known line precedes', () => {
    const { filter, send } = setUp()
    send('a10', 'b11')
    filter.begin(undefined)
    expect(send('d20')).toEqual(['gap: no_overlap', 'd'])
  })

  it('reports no gap when the last known line is missing but an earlier one was recognised', () => {
    const { filter, send } = setUp()
    send('a10', 'b11', 'c12')
    filter.begin(undefined)
    expect(send('a10', 'd20')).toEqual(['d'])
  })

  it('holds lines that step back until the end of the body shows that they are new', () => {
    const { filter, send, items } = setUp()
    send('a10', 'b11')
    expect(send('c5', 'd6')).toEqual([])
    expect(filter.needsWholeFile).toBe(true)
    filter.release()
    expect(items).toEqual(['clock_stepped_back', 'c', 'd'])
  })

  it('recognises a file that is sent again within one connection', () => {
    const { send } = setUp()
    send('a10', 'b11', 'c12')
    expect(send('a10', 'b11', 'c12', 'd13')).toEqual(['file_repeated', 'd'])
  })

  it('drops lines of a repeated file that are too old to be remembered', () => {
    const { send } = setUp()
    const many = Array.from({ length: 200 }, (_, index) => `${String.fromCharCode(97 + (index % 26))}${10 + index}`)
    expect(send(...many)).toHaveLength(200)
    // The first line is a landmark: it proves that the file was read, whatever is remembered of it.
    expect(send(...many, 'z300')).toEqual(['file_repeated', 'z'])
  })

  it('releases lines of a stepped clock when more of them wait than the limit', () => {
    const { send } = setUp(150)
    send('a10', 'b11')
    expect(send('c5')).toEqual([])
    expect(send('d6')).toEqual(['clock_stepped_back', 'c', 'd'])
  })

  it('drops the oldest lines of a resumed connection when more of them wait than the limit', () => {
    const { filter, send, items } = setUp(250)
    send('a10', 'b11')
    filter.begin(undefined)
    send('x7', 'y8', 'z9')
    filter.release()
    expect(items).toEqual(['gap: no_overlap', 'y', 'z'])
  })

  it('tells by its time whether a line that cannot wait is new', () => {
    const { filter, send } = setUp()
    send('a10', 'b11')
    expect(filter.isNewByTime(11n * second)).toBe(true)
    expect(filter.isNewByTime(9n * second)).toBe(false)
    filter.begin(undefined)
    expect(filter.isNewByTime(11n * second)).toBe(false)
    expect(filter.isNewByTime(12n * second)).toBe(true)
  })
})
