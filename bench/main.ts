// Runs one measurement: `pnpm bench NAME [--json]`. A measurement is a file of this folder that exports `bench`.
import { readdir } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import type { Bench, Figure } from './figure.ts'

const notBenches = new Set(['main.ts', 'figure.ts'])

function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, unit, target, better, ok }) => [
    name,
    String(value),
    unit,
    target === null ? '' : `${better === 'lower' ? '≤' : '≥'} ${target}`,
    target === null ? '' : ok ? 'ok' : 'MISSED',
  ])
  const all = [['figure', 'value', 'unit', 'target', ''], ...rows]
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const names = (await readdir(import.meta.dirname))
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !notBenches.has(file))
  .map((file) => file.slice(0, -3))
const [name = ''] = positionals

if (!names.includes(name)) {
  console.error(`usage: pnpm bench NAME [--json], with NAME one of: ${names.join(', ')}`)
  process.exitCode = 2
} else {
  const module = (await import(`./${name}.ts`)) as { bench: Bench }
  // In JSON mode standard output holds the result and nothing else.
  const figures = await module.bench((text) => (values.json ? console.error(text) : console.log(text)))
  console.log(values.json ? JSON.stringify({ name, figures }) : table(figures))
  process.exitCode = figures.every((each) => each.ok) ? 0 : 1
}
