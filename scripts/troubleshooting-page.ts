import { claudeDefinition } from '../packages/adapter-claude-k8s/src/claude-definition.ts'
import { codexDefinition } from '../packages/adapter-codex-k8s/src/codex-definition.ts'
import { errorTable, type ErrorRow } from '../packages/adapter-kit/src/index.ts'
import { opencodeDefinition } from '../packages/adapter-opencode-k8s/src/opencode-definition.ts'

const adapters = [
  { title: 'Claude Code', definition: claudeDefinition },
  { title: 'OpenCode', definition: opencodeDefinition },
  { title: 'Codex', definition: codexDefinition },
]

interface AdapterRow extends ErrorRow {
  title: string
}

/** Every error code of the adapters, with its row for each adapter that can report it. */
export function adapterErrors(): Map<string, AdapterRow[]> {
  const codes = new Map<string, AdapterRow[]>()
  for (const { title, definition } of adapters) {
    const table = errorTable(definition.errorNames, definition.ownErrors)
    for (const [code, row] of Object.entries(table)) {
      codes.set(code, [...(codes.get(code) ?? []), { ...row, title }])
    }
  }
  return new Map([...codes].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** The generated part of docs/troubleshooting.md: a heading for each code, so that a link can lead to it. */
export function errorSections(): string {
  return [...adapterErrors()].map(([code, rows]) => `### ${code}\n\n${paragraphs(rows)}`).join('\n\n')
}

function paragraphs(rows: readonly AdapterRow[]): string {
  const groups = new Map<string, string[]>()
  for (const { means, todo, title } of rows) {
    const text = `${means}\n\n${todo}`
    groups.set(text, [...(groups.get(text) ?? []), title])
  }
  const isCommon = groups.size === 1 && rows.length === adapters.length
  return [...groups].map(([text, titles]) => (isCommon ? text : `${titles.join(' and ')}: ${text}`)).join('\n\n')
}
