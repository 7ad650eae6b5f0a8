import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { buildAdapter } from '../../adapter-kit/scripts/build-adapter.ts'
import { uiParserOf } from './ui-parser-of.ts'

/** Declares the tests of the built files of every adapter, which Paperclip loads. */
export function artefactTests({
  root,
  type,
  said,
}: {
  /** The package's folder. */
  root: string
  type: string
  /** A line of the agent that says "Hello". */
  said: object
}): void {
  let folder: string
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'adapter-artefact-'))
    await buildAdapter({ root, outdir: join(folder, 'dist') })
    cpSync(join(root, 'package.json'), join(folder, 'package.json'))
  }, 120_000)
  afterAll(() => rmSync(folder, { recursive: true, force: true }))

  it('is one entry file that works alone, without node_modules', () => {
    const code =
      "const { createServerAdapter } = await import('./dist/index.js'); const a = createServerAdapter(); console.log(JSON.stringify({ type: a.type, fields: (await a.getConfigSchema()).fields.length }))"
    const out = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
      cwd: folder,
      encoding: 'utf8',
      env: { PATH: process.env['PATH'] ?? '', HOME: folder },
    })
    expect(JSON.parse(out)).toEqual({ type, fields: expect.any(Number) })
    expect(readdirSync(join(folder, 'dist')).filter((name) => name.endsWith('.js'))).toEqual([
      'agent.js',
      'index.js',
      'ui-parser.js',
    ])
    expect(statSync(join(folder, 'dist', 'index.js')).size).toBeLessThan(4_000_000)
  })

  it('declares both files where Paperclip looks for them', () => {
    const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      exports: Record<string, Record<string, string> | string>
      paperclip: unknown
      dependencies?: unknown
    }
    expect(manifest).toMatchObject({
      paperclip: { adapterUiParser: '1.0.0' },
      exports: { '.': { default: './dist/index.js' }, './ui-parser': { default: './dist/ui-parser.js' } },
    })
    expect(manifest.dependencies).toBeUndefined()
    expect(existsSync(join(folder, 'dist', 'ui-parser.js'))).toBe(true)
  })

  it("has a UI parser that Paperclip's worker accepts", () => {
    const source = readFileSync(join(folder, 'dist', 'ui-parser.js'), 'utf8')
    const parseStdoutLine = uiParserOf(source)
    expect(parseStdoutLine(JSON.stringify(said), 't')).toMatchObject([{ kind: 'assistant', text: 'Hello' }])
    expect(parseStdoutLine('[paperclip] Created K8s Job: x', 't')).toEqual([
      { kind: 'system', ts: 't', text: 'Created K8s Job: x' },
    ])
    expect(parseStdoutLine('not json', 't')).toMatchObject([{ kind: 'stdout', text: 'not json' }])
    expect(parseStdoutLine('', 't')).toEqual([])
  })
}
