import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { errorTable } from './result/error-table.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

it('has an example that runs as it stands', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const [example = ''] = /(?<=```ts\n)[\s\S]+?(?=```)/.exec(readme) ?? []
  // Beside the sources, where `zod` can be found.
  const file = join(root, `.readme-example-${process.pid}.ts`)
  writeFileSync(
    file,
    example.replaceAll(/@agent-jobs\/adapter-kit(?:\/(\w+))?/g, (_, entry = 'index') => `./src/${entry}.ts`),
  )
  try {
    expect(execFileSync(process.execPath, ['--conditions=@agent-jobs/source', file], { encoding: 'utf8' })).toBe(
      'hello_k8s true\n',
    )
  } finally {
    rmSync(file)
  }
})

it('has a row for each code that the kit throws', () => {
  const source = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && !/test/.test(name))
    .map((name) => readFileSync(join(root, 'src', name), 'utf8'))
    .join('\n')
  const thrown = [...source.matchAll(/new AdapterError\(\s*'([a-z0-9_]+)'/g)].map(([, code]) => code)
  expect(thrown.length).toBeGreaterThan(15)
  const table = errorTable()
  expect(thrown.filter((code) => code === undefined || !(code in table))).toEqual([])
})

it('has a meaning and a remedy for each error code', () => {
  const rows = Object.entries(errorTable({ truncated: 'claude_truncated' }))
  expect(rows.length).toBeGreaterThan(45)
  expect(rows.filter(([, { means, todo }]) => !means.endsWith('.') || !todo.endsWith('.'))).toEqual([])
  expect(rows.map(([code]) => code)).toContain('claude_truncated')
  expect(rows.map(([code]) => code)).not.toContain('truncated')
})

it('names everything that the package exports', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const exported = ['index', 'settings', 'permissions', 'testing'].flatMap((entry) => {
    const source = readFileSync(join(root, 'src', `${entry}.ts`), 'utf8')
    return [...source.matchAll(/\{([^}]+)\}/g)].flatMap(([, names = '']) => names.split(',').map((name) => name.trim()))
  })
  const names = exported.filter((name) => name !== '').map((name) => name.replace('type ', ''))
  expect(names.length).toBeGreaterThan(30)
  expect(names.filter((name) => !new RegExp(`\`${name}\\b`).test(readme))).toEqual([])
})
