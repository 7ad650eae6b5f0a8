import { globSync, readFileSync, readdirSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Import } from './arrows.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const importPattern = /(?:from\s+|import\s*\(\s*|import\s+)['"]@agent-jobs\/([a-z0-9-]+)(?:\/[^'"]*)?['"]/g

/** Every import of one package of this repository by another, tests and scripts included. */
export function workspaceImports(): Import[] {
  return ['packages', 'apps'].flatMap((area) =>
    readdirSync(join(root, area)).flatMap((name) => importsOfPackage(area, name)),
  )
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

function sourcesBelow(folder: string): string[] {
  // READMEs' examples run in folders of their own, which tests create and remove at the same time.
  const exclude = (path: string): boolean => basename(path).startsWith('example-')
  return globSync('**/*.{ts,mts,cts,js,mjs,cjs}', { cwd: folder, exclude }).map((file) => join(folder, file))
}
