import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { paperclipVersion, showsRawLines } from './paperclip-version.ts'

describe("the running Paperclip's version", () => {
  function program(name: string): string {
    const root = mkdtempSync(join(tmpdir(), 'paperclip-version-'))
    mkdirSync(join(root, 'dist'))
    writeFileSync(join(root, 'package.json'), JSON.stringify({ name, version: '2026.916.1' }))
    writeFileSync(join(root, 'dist', 'index.js'), '')
    symlinkSync(join(root, 'dist', 'index.js'), join(root, 'bin'))
    return join(root, 'bin')
  }

  it('is that of the package whose program the process runs', () => {
    expect(paperclipVersion(program('@paperclipai/server'))).toBe('2026.916.1')
    expect(paperclipVersion(program('paperclipai'))).toBe('2026.916.1')
  })

  it('is unknown for other programs', () => {
    expect(paperclipVersion(program('vitest'))).toBeNull()
    expect(paperclipVersion('/no/such/program')).toBeNull()
    expect(paperclipVersion(undefined)).toBeNull()
  })

  it('decides whether the UI can run the parser of an adapter', () => {
    const raw = ['2026.916.1', '2026.916.0', '2026.325.7', '2025.1201.3']
    const parsed = ['2026.916.2', '2026.917.0', '2027.1.1', '', 'next', '2026.916', null]
    expect(raw.filter((version) => !showsRawLines(version))).toEqual([])
    expect(parsed.filter((version) => showsRawLines(version))).toEqual([])
  })
})
