import { describe, expect, it } from 'vitest'
import { judgePackage, type PackedPackage } from './judge-package.ts'

const fence = '```'
const readme = `npm install one\n\n${fence}ts\nimport { a } from 'one'\n${fence}\n\n${fence}text\n1\n${fence}\n`
const good = {
  'README.md': readme,
  LICENSE: 'MIT',
  'dist/index.js': "import 'two'\nimport { readFile } from 'node:fs'\n",
  'dist/index.d.ts': '',
}
const packed = (files: Record<string, string>, manifest: object = {}): PackedPackage => ({
  manifest: {
    name: 'one',
    keywords: ['one'],
    homepage: 'https://one.example',
    bugs: 'https://one.example/bugs',
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' } },
    dependencies: { two: '^1' },
    ...manifest,
  },
  files: new Map(Object.entries(files)),
  bytes: 1_000,
})
const judge = (files: Record<string, string>, manifest?: object): string[] =>
  judgePackage(packed(files, manifest), 2_000)

describe('judgePackage', () => {
  it('accepts a package that works alone', () => expect(judge(good)).toEqual([]))

  it('misses README and licence', () => {
    const { LICENSE: _, ...rest } = good
    expect(judge(rest)).toEqual(['the tarball has no LICENSE'])
  })

  it('misses what npm shows of a package', () => {
    expect(judge(good, { keywords: undefined, bugs: undefined })).toEqual([
      'package.json has no "keywords", which npm shows',
      'package.json has no "bugs", which npm shows',
    ])
  })

  it('names what package.json promises and the tarball lacks', () => {
    expect(judge(good, { exports: { './more': './dist/more.js' } })).toEqual([
      'package.json names ./dist/more.js, which is not in the tarball',
    ])
    expect(judge(good, { bin: { one: './dist/main.js' } })).toEqual([
      'package.json names ./dist/main.js, which is not in the tarball',
    ])
  })

  it('names an import that nothing declares, in code and in types', () => {
    const types = { ...good, 'dist/index.d.ts': "import type { A } from '@scope/three/deep'\n" }
    expect(judge(types)).toEqual(['dist/index.d.ts imports @scope/three, which package.json does not declare'])
    expect(judge(types, { peerDependencies: { '@scope/three': '*' }, dependencies: { two: '^1' } })).toEqual([])
    expect(judge(good, { dependencies: {} })).toEqual([
      'dist/index.js imports two, which package.json does not declare',
    ])
  })

  it('names what the README leaves out', () => {
    const example = (text: string): Record<string, string> => ({ ...good, 'README.md': text })
    expect(judge(example(readme.replace("'one'", "'four'")))).toEqual([
      "its README's example imports four, which its install line does not name",
    ])
    expect(judge(example(readme.slice(0, readme.indexOf(`${fence}text`))))).toEqual([
      'its README does not say in a `text` block what its example prints',
    ])
    expect(judge(example('# nothing'))).toEqual(['its README does not say `npm install one`'])
  })

  it('refuses sources and maps, which users do not run', () => {
    expect(judge({ ...good, 'src/index.ts': '', 'dist/index.js.map': '' })).toEqual([
      'the tarball has src/index.ts: sources are in the repository',
      'the tarball has dist/index.js.map: sources are in the repository',
    ])
  })

  it('names what is too large', () => {
    expect(judgePackage(packed(good), 999)).toEqual(['the tarball has 1000 bytes; its budget is 999'])
    for (const file of ['src/a.test.ts', 'src/testing/server.ts', 'conformance/cases.ts', 'test/fake.ts']) {
      expect(judge({ ...good, [file]: '' })).toContainEqual(`the tarball has ${file}, which is for our tests`)
    }
    expect(judge({ ...good, 'dist/check.js': "import { it } from 'vitest'" })).toContainEqual(
      'dist/check.js imports vitest: test code does not belong in a tarball',
    )
  })
})
