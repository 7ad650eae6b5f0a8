import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { house, judgeImport } from './arrows.ts'
import { workspaceImports } from './workspace-imports.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

describe('imports between packages', () => {
  it('go to lower layers in every file', () => {
    const imports = workspaceImports()
    expect(imports.length).toBeGreaterThan(10)
    expect(imports.map(judgeImport).filter((verdict) => verdict !== null)).toEqual([])
  })

  it('have a layer for every package', () => {
    const named = ['packages', 'apps'].flatMap((area) => readdirSync(join(root, area)))
    expect(named.filter((name) => !house.some((row) => row.includes(name)))).toEqual([])
  })

  it('are refused if they go up', () => {
    const up = { from: 'kube-api', to: 'k8s-job-runner', file: 'x.ts', test: false }
    expect(judgeImport(up)).toContain('is not below it')
  })

  it('of mini-kube are refused in a production package', () => {
    const production = { from: 'k8s-job-runner', to: 'mini-kube', file: 'x.ts', test: false }
    expect(judgeImport(production)).toContain('is a production package')
  })

  it('are unrestricted in tests', () => {
    expect(judgeImport({ from: 'kube-api', to: 'mini-kube', file: 'x.test.ts', test: true })).toBeNull()
  })
})
