import { claudeDefinition } from '@agent-jobs/adapter-claude-k8s'
import { codexDefinition } from '@agent-jobs/adapter-codex-k8s'
import { errorTable, type ErrorRow } from '@agent-jobs/adapter-kit'
import { opencodeDefinition } from '@agent-jobs/adapter-opencode-k8s'
import type { Explanation } from './explanations.ts'

// Loads every adapter, so import this module only when a command needs it.

const definitions = [claudeDefinition, opencodeDefinition, codexDefinition]

/** An error code of the Paperclip adapters, as one of them explains it. */
export interface AdapterErrorRow extends ErrorRow {
  /** The agent whose adapter reports it, such as `Claude Code`. */
  readonly title: string
}

/** Every error code of the Paperclip adapters, in alphabetical order, with a row for each adapter that can report it. */
export function adapterErrors(): Map<string, AdapterErrorRow[]> {
  const codes = new Map<string, AdapterErrorRow[]>()
  for (const { title, errorNames, ownErrors } of definitions) {
    for (const [code, row] of Object.entries(errorTable(errorNames, ownErrors))) {
      codes.set(code, [...(codes.get(code) ?? []), { ...row, title }])
    }
  }
  return new Map([...codes].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The explanations of {@link adapterErrors}. A code that adapters explain differently names each of them. */
export function adapterExplanations(): Record<string, Explanation> {
  return Object.fromEntries([...adapterErrors()].map(([code, rows]) => [code, explanationOfRows(rows)]))
}

function explanationOfRows(rows: readonly AdapterErrorRow[]): Explanation {
  const groups = groupRows(rows)
  const named = (titles: readonly string[] | null, text: string) =>
    titles === null ? text : `${titles.join(' and ')}: ${text}`
  return {
    means: groups.map(({ titles, row }) => named(titles, row.means)).join(' '),
    remedy: groups.map(({ titles, row }) => (groups.length === 1 ? row.todo : named(titles, row.todo))).join(' '),
  }
}

/** The distinct rows of a code, each with the agents it holds for; null where it holds for all. */
export function groupRows(rows: readonly AdapterErrorRow[]): { titles: readonly string[] | null; row: ErrorRow }[] {
  const groups = new Map<string, { titles: string[]; row: ErrorRow }>()
  for (const { title, means, todo } of rows) {
    const key = `${means}\n${todo}`
    const titles = [...(groups.get(key)?.titles ?? []), title]
    groups.set(key, { titles, row: { means, todo } })
  }
  return [...groups.values()].map(({ titles, row }) => ({
    titles: titles.length === definitions.length ? null : titles,
    row,
  }))
}
