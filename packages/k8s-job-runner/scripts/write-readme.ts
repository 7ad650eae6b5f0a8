// Writes the tables of README.md and docs/job-runner.md from the code. A test fails while they differ.
// usage: node --conditions=@agent-jobs/source scripts/write-readme.ts
import { readFile, writeFile } from 'node:fs/promises'
import { documents, withTables } from './readme-tables.ts'

for (const [file, tables] of Object.entries(documents)) {
  const path = new URL(`../${file}`, import.meta.url)
  await writeFile(path, withTables(await readFile(path, 'utf8'), tables))
}
