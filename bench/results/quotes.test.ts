import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { figure } from '../figure.ts'
import { measurements } from '../measurements.ts'
import { quoted, quotesIn, requoted } from './quotes.ts'
import { publishedFigures, resultsPage } from './results-page.ts'
import { documentsIn } from './write-all.ts'

const root = join(import.meta.dirname, '../..')
const published = publishedFigures(readFileSync(join(root, 'bench/RESULTS.md'), 'utf8'))
const quotes = documentsIn(root).flatMap((file) =>
  quotesIn(readFileSync(join(root, file), 'utf8')).map(({ figure: name, text }) => ({ file, figure: name, text })),
)

describe('the figures that documents quote', () => {
  it('exist', () => {
    expect(quotes.length).toBeGreaterThan(5)
  })

  it.each(quotes)('name a measurement in $file: $figure', ({ figure: name }) => {
    expect(measurements()).toContain(name.split(':')[0])
  })

  // A measurement that could not be taken the last time leaves the quotes as they were.
  const current = quotes.filter(({ figure: name }) => published.has(name))
  it.each(current)('are those of bench/RESULTS.md in $file: $figure', ({ figure: name, text }) => {
    expect([published.get(name)].map((found) => found && quoted(found))).toEqual([text])
  })
})

describe('a results page', () => {
  const environment = { date: '2026-11-30 02:00', commit: 'abc', machine: 'a machine', versions: [] }
  const page = resultsPage(
    [
      {
        kind: 'measured',
        name: 'log-stream',
        seconds: 3,
        load: 1.5,
        figures: [
          figure('memory of a stream', 27.34, 'KB', { target: 100 }),
          figure('a | b', 1_234.5, ''),
          figure('too slow', 9, 'ms', { target: 5 }),
        ],
        series: [{ name: 'growth of it', size: 'lines', unit: 'ms', points: [] }],
      },
      { kind: 'failed', name: 'runner', seconds: 0, why: 'Set KUBECONFIG\nto a <cluster>.' },
    ],
    environment,
    { plots: new Map([['growth of it', 'plots/growth.svg']]) },
  )

  it('can be read back', () => {
    expect(Object.fromEntries(publishedFigures(page))).toEqual({
      'log-stream: memory of a stream': { value: 27.34, unit: 'KB' },
      'log-stream: a | b': { value: 1_235, unit: '' },
      'log-stream: too slow': { value: 9, unit: 'ms' },
    })
  })

  it('names targets that were missed, plots, and measurements that failed', () => {
    expect(page).toContain('| too slow | 9 | ms | ≤ 5 | **missed** |')
    expect(page).toContain('![growth of it](plots/growth.svg)')
    expect(page).toContain('Not measured: Set KUBECONFIG to a &lt;cluster>.')
  })

  it('keeps what was not measured again', () => {
    const [result] = [{ kind: 'failed', name: 'runner', seconds: 0, why: 'later' } as const]
    const next = resultsPage([result], environment, { plots: new Map(), former: page })
    expect(next).toContain('Not measured: later')
    expect(publishedFigures(next)).toEqual(publishedFigures(page))
  })

  it('gives the quotes in documents', () => {
    const document =
      'It takes <!--bench log-stream: memory of a stream-->1 KB<!--/bench--> each, <!--bench x: y-->2<!--/bench-->.'
    expect(requoted(document, publishedFigures(page))).toBe(
      'It takes <!--bench log-stream: memory of a stream-->27 KB<!--/bench--> each, <!--bench x: y-->2<!--/bench-->.',
    )
  })

  it.each([
    [27.34, 'KB', '27 KB'],
    [0.0123, 'ms', '0.012 ms'],
    [277.4, 'MiB', '277 MiB'],
    [12_345.6, '1/s', '12,346 1/s'],
    [1.034, '', '1'],
  ])('quotes %d %s as %s', (value, unit, text) => {
    expect(quoted({ value, unit })).toBe(text)
  })
})
