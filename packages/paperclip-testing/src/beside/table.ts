/** What can be compared of one played scenario: one value for each question. */
export type Facts = Readonly<Record<string, string | number | boolean | null>>

/** One scenario as both adapters played it. */
export interface Pair {
  readonly scenario: string
  readonly builtIn: Facts
  readonly ours: Facts
}

/** A question that the two adapters answer differently. */
export interface Difference {
  readonly scenario: string
  readonly question: string
  readonly builtIn: string
  readonly ours: string
}

const shown = (value: Facts[string] | undefined): string =>
  value === undefined || value === null ? '–' : typeof value === 'boolean' ? (value ? 'yes' : 'no') : String(value)

/** Where the two differ, in the order of the scenarios and their questions. */
export function differences(pairs: readonly Pair[]): Difference[] {
  return pairs.flatMap(({ scenario, builtIn, ours }) =>
    [...new Set([...Object.keys(builtIn), ...Object.keys(ours)])].flatMap((question) => {
      const [theirs, own] = [shown(builtIn[question]), shown(ours[question])]
      return theirs === own ? [] : [{ scenario, question, builtIn: theirs, ours: own }]
    }),
  )
}

/** The differences as a Markdown table, with how much was compared. */
export function besideTable(pairs: readonly Pair[]): string {
  const found = differences(pairs)
  const compared = pairs.reduce((sum, { ours }) => sum + Object.keys(ours).length, 0)
  const heading = `${pairs.length} scenarios, ${compared} answers compared, ${found.length} differ`
  if (found.length === 0) return `${heading}\n`
  const rows = [
    ['scenario', 'question', 'built-in', 'ours'],
    ['---', '---', '---', '---'],
    ...found.map(({ scenario, question, builtIn, ours }) => [scenario, question, builtIn, ours]),
  ]
  return [heading, '', ...rows.map((cells) => `| ${cells.join(' | ')} |`), ''].join('\n')
}
