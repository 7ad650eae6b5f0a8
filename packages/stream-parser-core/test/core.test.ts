import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'

const source = join(import.meta.dirname, '../src')
const files = readdirSync(source).filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))

describe('the core of the parsers', () => {
  it.each(files)('imports only its own files in %s', (file) => {
    const imports = [...readFileSync(join(source, file), 'utf8').matchAll(/ from '([^']+)'/g)].map(([, name]) => name)
    expect(imports.filter((name) => !/^\.\/[a-z-]+\.ts$/.test(name ?? ''))).toEqual([])
  })

  // Providers have products of the same names.
  it.each(files.filter((file) => !/^(?:provider-tables|retry-time)/.test(file)))('names no agent in %s', (file) => {
    expect(readFileSync(join(source, file), 'utf8')).not.toMatch(/claude|opencode|codex/i)
  })
})
