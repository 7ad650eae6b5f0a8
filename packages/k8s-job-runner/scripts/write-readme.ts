// Writes the tables of README.md from the code. A test fails while they differ.
// usage: node --conditions=@agent-jobs/source scripts/write-readme.ts
import { readFile, writeFile } from 'node:fs/promises'
import { withTables } from './readme-tables.ts'

const path = new URL('../README.md', import.meta.url)
await writeFile(path, withTables(await readFile(path, 'utf8')))
