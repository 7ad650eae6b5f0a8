import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { runInNewContext } from 'node:vm'
import { build } from 'esbuild'
import { describe, expect, it } from 'vitest'

/** Tests that a parser package runs in a browser and needs no other package but the core, which its build inlines. */
export function describeBrowserSafety(packageFolder: string): void {
  const src = join(packageFolder, 'src')
  const sources = readdirSync(src, { recursive: true, encoding: 'utf8' }).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !file.includes('__fixtures__'),
  )

  describe('in a browser', () => {
    it.each(sources)('imports only this package and the core, and nothing of Node, in %s', (file) => {
      const source = readFileSync(join(src, file), 'utf8')
      const imports = [...source.matchAll(/ from '([^']+)'/g)].map(([, name]) => name ?? '')
      const within = (name: string): boolean =>
        name.startsWith('.') && !relative(src, resolve(src, dirname(file), name)).startsWith('..')
      expect(imports.filter((name) => !within(name) && name !== '@agent-jobs/stream-parser-core')).toEqual([])
      expect(source).not.toMatch(/\b(?:process\.(?:env|std|exit|hrtime|memory|next|on)|Buffer\.|require\(|__dirname)/)
    })

    it('runs as one bundled script, where nothing of Node is', async () => {
      const { outputFiles } = await build({
        entryPoints: [join(src, 'index.ts')],
        bundle: true,
        conditions: ['@agent-jobs/source'],
        platform: 'browser',
        format: 'iife',
        globalName: 'parsers',
        write: false,
      })
      const [script] = outputFiles
      const program = `${script?.text ?? ''}
        const make = Object.keys(parsers).find((name) => /^create\\w+Parser$/.test(name))
        const parser = parsers[make]()
        parser.feed(new Uint8Array([123, 125, 10]))
        parser.end().unknownEvents`
      expect(runInNewContext(program, { TextDecoder, Uint8Array })).toBe(1)
    })

    it('needs no other package', () => {
      const manifest: unknown = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8'))
      expect(manifest).not.toHaveProperty('dependencies')
      expect(manifest).toHaveProperty('sideEffects', false)
    })
  })
}
