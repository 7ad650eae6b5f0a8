// Runs one measurement: `pnpm bench NAME [--json]`. A measurement is a file of this folder that exports `bench`.
import { readdir, readFile } from 'node:fs/promises'
import { availableParallelism, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Bench, Figure } from './figure.ts'

function table(figures: readonly Figure[]): string {
  const rows = figures.map(({ name, value, unit, target, better, ok }) => {
    const bound = target === null ? '' : `${better === 'lower' ? '≤' : '≥'} ${target}`
    return [name, String(value), unit, bound, target === null ? '' : ok ? 'ok' : 'MISSED']
  })
  const all = [['figure', 'value', 'unit', 'target', ''], ...rows]
  const widths = [0, 1, 2, 3, 4].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)))
  const line = (row: string[]): string => row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ')
  return all.map((row) => line(row).trimEnd()).join('\n')
}

async function measurements(): Promise<string[]> {
  const names: string[] = []
  for (const file of await readdir(import.meta.dirname)) {
    if (!file.endsWith('.ts') || file.endsWith('.test.ts')) continue
    const source = await readFile(join(import.meta.dirname, file), 'utf8')
    if (/^export (const|async function|function) bench\b/m.test(source)) names.push(file.slice(0, -3))
  }
  return names.toSorted()
}

const { values, positionals } = parseArgs({
  options: { json: { type: 'boolean', default: false } },
  allowPositionals: true,
})
const [name = ''] = positionals
const names = await measurements()

if (!names.includes(name)) {
  console.error(`usage: pnpm bench NAME [--json], with NAME one of: ${names.join(', ')}`)
  process.exitCode = 2
} else {
  const { bench } = (await import(`./${name}.ts`)) as { bench: Bench }
  // In JSON mode standard output holds the result and nothing else.
  const log = (text: string): void => (values.json ? console.error(text) : console.log(text))
  const load = (when: string): void => {
    log(`load ${when}: ${loadavg()[0]?.toFixed(1)} on ${availableParallelism()} processors`)
  }
  load('before')
  const figures = await (typeof bench === 'function' ? bench(log) : bench.run(log))
  load('after')
  console.log(values.json ? JSON.stringify({ name, figures }) : table(figures))
  process.exitCode = figures.every((each) => each.ok) ? 0 : 1
}
