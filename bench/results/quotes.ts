import type { PublishedFigure } from './results-page.ts'

/** A figure that a document quotes: `<!--bench MEASUREMENT: FIGURE-->27 KB<!--/bench-->`. */
export interface Quote {
  /** `MEASUREMENT: FIGURE`. */
  figure: string
  text: string
}

const pattern = /<!--bench (.+?)-->(.*?)<!--\/bench-->/g

/** The figures that a document quotes. */
export function quotesIn(document: string): Quote[] {
  return [...document.matchAll(pattern)].map(([, figure = '', text = '']) => ({ figure, text }))
}

/** The text of a quote: two digits are as many as a measurement on a shared machine can promise. */
export function quoted({ value, unit }: PublishedFigure): string {
  const digits = Math.abs(value) >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(2)))
  const grouped = digits.replaceAll(/\B(?=(\d{3})+$)/g, Math.abs(value) >= 1_000 ? ',' : '')
  return unit === '' ? grouped : `${grouped} ${unit}`
}

/** The document with current figures. Figures that were not measured stay as they are. */
export function requoted(document: string, figures: ReadonlyMap<string, PublishedFigure>): string {
  return document.replaceAll(pattern, (whole, name: string) => {
    const found = figures.get(name)
    return found === undefined ? whole : `<!--bench ${name}-->${quoted(found)}<!--/bench-->`
  })
}
