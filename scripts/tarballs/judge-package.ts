import { builtinModules } from 'node:module'
import { importedPackages, readReadme } from './read-readme.ts'

/** The members of a package.json that decide whether its package works alone. */
export interface PackedManifest {
  readonly name: string
  readonly keywords?: readonly string[]
  readonly homepage?: string
  readonly bugs?: unknown
  readonly exports?: unknown
  readonly bin?: Readonly<Record<string, string>>
  readonly dependencies?: Readonly<Record<string, string>>
  readonly peerDependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
}

/** A package as npm has unpacked it. */
export interface PackedPackage {
  readonly manifest: PackedManifest
  /** Text of each file by its path in the package, such as `dist/index.js`. */
  readonly files: ReadonlyMap<string, string>
  /** Bytes of the tarball. */
  readonly bytes: number
}

/** What keeps a package from working alone, as sentences; none when nothing does. */
export function judgePackage({ manifest, files, bytes }: PackedPackage, maxBytes: number): string[] {
  const { name } = manifest
  const readme = readReadme(files.get('README.md') ?? '')
  return [
    ...['README.md', 'LICENSE'].filter((file) => !files.has(file)).map((file) => `the tarball has no ${file}`),
    ...(['keywords', 'homepage', 'bugs'] as const)
      .filter((member) => manifest[member] === undefined)
      .map((member) => `package.json has no "${member}", which npm shows`),
    ...targets([manifest.exports, manifest.bin])
      .filter((target) => !files.has(target.replace('./', '')))
      .map((target) => `package.json names ${target}, which is not in the tarball`),
    ...undeclaredImports(manifest, files),
    ...testImports(files),
    ...(readme.installs.includes(name) || manifest.bin ? [] : [`its README does not say \`npm install ${name}\``]),
    ...importedPackages(readme.example ?? '')
      .filter((used) => !readme.installs.includes(used))
      .map((used) => `its README's example imports ${used}, which its install line does not name`),
    ...(readme.example !== undefined && readme.prints === undefined
      ? ['its README does not say in a `text` block what its example prints']
      : []),
    ...(bytes > maxBytes ? [`the tarball has ${bytes} bytes; its budget is ${maxBytes}`] : []),
    ...[...files.keys()]
      .filter((file) => /^src\/|\.map$/.test(file))
      .map((file) => `the tarball has ${file}: sources are in the repository`),
    ...[...files.keys()]
      .filter((file) => /\.test\.|__fixtures__|(?:^|\/)(?:test|testing|conformance)\//.test(file))
      .map((file) => `the tarball has ${file}, which is for our tests`),
  ]
}

/** The source of a file that tsc has written, by its path in the package; null for any other file. */
export function sourceOf(file: string): string | null {
  const [, path] = /^dist\/(.*?)(?:\.d\.ts|\.js)(?:\.map)?$/.exec(file) ?? []
  return path === undefined ? null : `src/${path}.ts`
}

function targets(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(targets) : []
}

// Tools of our tests and builds. Users of a package must never need one of them.
const testTools = new Set(['vitest', 'playwright-core', 'fast-check', 'esbuild'])

function testImports(files: PackedPackage['files']): string[] {
  return [...files]
    .filter(([file]) => /\.[cm]?[jt]s$/.test(file))
    .flatMap(([file, code]) =>
      importedPackages(code)
        .filter((used) => testTools.has(used))
        .map((used) => `${file} imports ${used}: test code does not belong in a tarball`),
    )
}

function undeclaredImports(manifest: PackedManifest, files: PackedPackage['files']): string[] {
  const { name, dependencies, peerDependencies, optionalDependencies } = manifest
  const declared = new Set([
    name,
    ...builtinModules,
    ...Object.keys({ ...dependencies, ...peerDependencies, ...optionalDependencies }),
  ])
  return [...files]
    .filter(([file]) => /^dist\/.*\.(?:js|d\.ts)$/.test(file))
    .flatMap(([file, code]) =>
      importedPackages(code)
        .filter((used) => !declared.has(used))
        .map((used) => `${file} imports ${used}, which package.json does not declare`),
    )
}
