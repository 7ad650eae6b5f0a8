import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const sources = readdirSync(import.meta.dirname).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))

describe('in a browser', () => {
  it.each(sources)('%s runs: it imports files of this package only, and names nothing of Node', (file) => {
    const source = readFileSync(join(import.meta.dirname, file), 'utf8')
    const imports = [...source.matchAll(/ from '([^']+)'/g)].map(([, name]) => name)
    expect(imports.filter((name) => !name?.startsWith('./'))).toEqual([])
    expect(source).not.toMatch(/\b(?:process\.(?:env|std|exit|hrtime|memory|next|on)|Buffer\.|require\(|__dirname)/)
  })

  it('needs no other package', () => {
    const manifest: unknown = JSON.parse(readFileSync(join(import.meta.dirname, '../package.json'), 'utf8'))
    expect(manifest).not.toHaveProperty('dependencies')
    expect(manifest).toHaveProperty('sideEffects', false)
  })
})
