// Measurements: `pnpm bench NAME [--quick] [--json]` runs one, `pnpm bench --all` runs all of them and writes
// bench/RESULTS.md, its plots and the figures that documents quote, and `pnpm bench --compare REF [NAME …]` compares this
// checkout with another commit. A measurement is a file of this folder that exports `bench`.
import { parseArgs } from 'node:util'
import { compareWith } from './compare/compare-with.ts'
import { measure, measurements } from './measurements.ts'
import { writeAll } from './results/write-all.ts'
import { table } from './results/table.ts'

const usage = `usage: pnpm bench NAME [--quick] [--json]
       pnpm bench --all [--quick] [NAME …]
       pnpm bench --compare REF [--rounds N] [NAME …]
NAME is one of: ${measurements().join(', ')}`

const { values, positionals } = parseArgs({
  options: {
    all: { type: 'boolean', default: false },
    compare: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
    quick: { type: 'boolean', default: false },
  },
  allowPositionals: true,
})
const { all, compare, json, quick } = values
const rounds = Number(values.rounds)
const unknown = positionals.filter((name) => !measurements().includes(name))

async function one(name: string): Promise<number> {
  // In JSON mode standard output holds the result and nothing else.
  const found = await measure(name, (text) => (json ? console.error(text) : console.log(text)), { quick })
  console.log(json ? JSON.stringify({ name, ...found }) : table(found.figures))
  return found.figures.every(({ ok }) => ok) ? 0 : 1
}

if (unknown.length > 0 || !Number.isInteger(rounds) || rounds < 2) {
  console.error(usage)
  process.exitCode = 2
} else if (all) process.exitCode = await writeAll({ names: positionals, quick })
else if (compare !== undefined) process.exitCode = await compareWith(compare, { names: positionals, rounds })
else if (positionals[0] !== undefined && positionals.length === 1) process.exitCode = await one(positionals[0])
else {
  console.error(usage)
  process.exitCode = 2
}
