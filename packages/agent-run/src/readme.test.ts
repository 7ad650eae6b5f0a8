import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import * as api from './index.ts'

const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8')

describe('the README', () => {
  it('names everything that the package exports', () => {
    expect(Object.keys(api).filter((name) => !readme.includes(`\`${name}\``))).toEqual([])
  })
})
