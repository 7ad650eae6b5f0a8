import { adapterErrors, groupRows, type AdapterErrorRow } from '../apps/cli/src/errors/adapter-errors.ts'

/** The generated part of docs/troubleshooting.md: a heading for each code, so that a link can lead to it. */
export function errorSections(): string {
  return [...adapterErrors()].map(([code, rows]) => `### ${code}\n\n${paragraphs(rows)}`).join('\n\n')
}

function paragraphs(rows: readonly AdapterErrorRow[]): string {
  return groupRows(rows)
    .map(({ titles, row: { means, todo } }) => {
      const text = `${means}\n\n${todo}`
      return titles === null ? text : `${titles.join(' and ')}: ${text}`
    })
    .join('\n\n')
}
