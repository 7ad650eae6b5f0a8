import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { house, judgeImport, type Import } from './arrows.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const importPattern = /(?:from\s+|import\s*\(\s*|import\s+)['"]@agent-jobs\/([a-z0-9-]+)(?:\/[^'"]*)?['"]/g

function sourcesBelow(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => /\.[cm]?[jt]s$/.test(file))
    .map((file) => join(folder, file))
}

function importsOfPackage(area: string, name: string): Import[] {
  return ['src', 'test', 'conformance', 'scripts'].flatMap((folder) =>
    sourcesBelow(join(root, area, name, folder)).flatMap((path) => {
      const test = path.endsWith('.test.ts') || folder !== 'src'
      return [...readFileSync(path, 'utf8').matchAll(importPattern)]
        .map((match) => match[1] ?? '')
        .filter((to) => to !== name)
        .map((to) => ({ from: name, to, file: relative(root, path), test }))
    }),
  )
}

function importsOfTree(): Import[] {
  return ['packages', 'apps'].flatMap((area) =>
    readdirSync(join(root, area)).flatMap((name) => importsOfPackage(area, name)),
  )
}

describe('the arrows of the house', () => {
  it('point downwards in every file', () => {
    const imports = importsOfTree()
    expect(imports.length).toBeGreaterThan(10)
    expect(imports.map(judgeImport).filter((verdict) => verdict !== null)).toEqual([])
  })

  it('give every package a place', () => {
    const named = ['packages', 'apps'].flatMap((area) => readdirSync(join(root, area)))
    expect(named.filter((name) => !house.some((row) => row.includes(name)))).toEqual([])
  })

  it('refuse an import that points up', () => {
    const up = { from: 'kube-api', to: 'k8s-job-runner', file: 'x.ts', test: false }
    expect(judgeImport(up)).toContain('does not stand below it')
  })

  it('refuse mini-kube in a production package', () => {
    const production = { from: 'k8s-job-runner', to: 'mini-kube', file: 'x.ts', test: false }
    expect(judgeImport(production)).toContain('is a production package')
  })

  it('let a test use what it needs', () => {
    expect(judgeImport({ from: 'kube-api', to: 'mini-kube', file: 'x.test.ts', test: true })).toBeNull()
  })
})
