/** What a package's README promises to a user who has only npm. */
export interface ReadmePromise {
  /** Packages that the reader should install. */
  readonly installs: readonly string[]
  /** The first TypeScript example, unchanged; undefined if there is none. */
  readonly example: string | undefined
  /** The output that the README shows for the example; undefined if it shows none. */
  readonly prints: string | undefined
}

/** Reads the first `npm install` line, the first `ts` block and the `text` block behind it. */
export function readReadme(readme: string): ReadmePromise {
  const install = /^\s*npm install (.+)$/m.exec(readme)?.[1] ?? ''
  const found = /^```ts\n([\s\S]*?)^```$/m.exec(readme)
  const rest = found === null ? '' : readme.slice(found.index + found[0].length)
  // Only a block before the next heading and the next example is what this one prints.
  const [behind = ''] = rest.split(/^(?:#|```(?!text$))/m)
  const [, prints] = behind.split(/^```text\n/m)
  return {
    installs: install.split(/\s+/).filter((word) => word !== '' && !word.startsWith('-')),
    example: found?.[1],
    prints,
  }
}

/** The packages that a module's text imports; Node's own are left out. */
export function importedPackages(code: string): string[] {
  const pattern = /(?:^[ \t]*(?:import|export)\b[^'"`;]*?\bfrom\s*|^[ \t]*import\s*|\bimport\(\s*)['"]([^'"\n]+)['"]/gm
  const names = [...code.matchAll(pattern)].flatMap(([, specifier = '']) => {
    if (/^(?:\.|\/|node:)/.test(specifier)) return []
    return [specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')]
  })
  return [...new Set(names)]
}
