// Writes the table of README.md from the code: node --conditions=@agent-jobs/source scripts/write-readme-table.ts
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { decisionTable } from '../src/judge-candidate.ts'

export function readmeTable(): string {
  const rows = decisionTable.map(({ relation, when, effect }) => `| \`${relation}\` | ${when} | ${effect} |`)
  return ['| relation | when | effect |', '| - | - | - |', ...rows].join('\n')
}

const path = fileURLToPath(new URL('../README.md', import.meta.url))
if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const readme = readFileSync(path, 'utf8')
  const marked = /(<!-- table -->)[\s\S]*(<!-- \/table -->)/
  writeFileSync(
    path,
    readme.replace(marked, (_, start: string, end: string) => `${start}\n\n${readmeTable()}\n\n${end}`),
  )
}
