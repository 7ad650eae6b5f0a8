import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { readMutationReport, scoreOf, scoreRow, survivorLine, writeScores } from './mutation-report.ts'
import { mutationTargets } from './mutation-targets.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const source = 'export const isOld = (age: number) => age > 60\nexport const twice = (n: number) => n * 2\n'
const mutant = (status: string, line: number, start: number, end: number, replacement: string) => ({
  mutatorName: 'EqualityOperator',
  replacement,
  status,
  location: { start: { line, column: start }, end: { line, column: end } },
})
const json = JSON.stringify({
  files: {
    'packages/x/src/a.ts': {
      source,
      mutants: [
        mutant('Killed', 1, 39, 47, 'age < 60'),
        mutant('Timeout', 1, 39, 47, 'true'),
        mutant('Survived', 1, 39, 47, 'age >= 60'),
        mutant('NoCoverage', 2, 37, 42, 'n / 2'),
        mutant('Ignored', 2, 37, 42, 'n'),
      ],
    },
  },
})

describe('a mutation report', () => {
  const report = readMutationReport(json, 'x', ['src/a.ts'])

  it('counts changes that no test runs among those that no test notices', () => {
    expect(report).toMatchObject({ killed: 2, survived: 2 })
    expect(scoreOf(report)).toBe(50)
  })

  it('shows a survivor with its place, the code and what it was changed to', () => {
    expect(report.survivors.map(survivorLine)).toEqual([
      'packages/x/src/a.ts:1:39 survived EqualityOperator: age > 60 → age >= 60',
      'packages/x/src/a.ts:2:37 survived EqualityOperator: n * 2 → n / 2',
    ])
  })

  it('replaces the row of its package and keeps the others', () => {
    const before = `# Scores\n\n<!-- scores -->\n\n| package | files | killed | survived | score |\n| --- | --- | --- | --- | --- |\n${scoreRow({ ...report, name: 'w' })}\n${scoreRow({ ...report, killed: 9 })}\n\n<!-- /scores -->\n\nThe end.\n`
    const after = writeScores(before, [report])
    expect(after).toContain('| w | `src/a.ts` | 2 | 2 | 50.0 % |\n| x | `src/a.ts` | 2 | 2 | 50.0 % |')
    expect(after).not.toContain('| 9 |')
    expect(after.endsWith('The end.\n')).toBe(true)
  })
})

it.each(Object.entries(mutationTargets))('finds the files and tests of %s', (name, { files, tests = [] }) => {
  const folder = join(root, name === 'cli' ? 'apps/cli' : `packages/${name}`)
  expect(existsSync(folder)).toBe(true)
  for (const pattern of [...files, ...tests])
    expect([pattern, globSync(pattern, { cwd: folder }).length > 0]).toEqual([pattern, true])
})

it('has a table of scores to write to', () => {
  expect(readFileSync(join(root, 'docs/mutation-testing.md'), 'utf8')).toContain('<!-- scores -->')
})
