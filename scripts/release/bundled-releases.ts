/** A package of this repository, as far as releases are concerned. */
export interface ReleasePackage {
  readonly name: string
  readonly private: boolean
  /** Packages of this repository that npm installs beside it. */
  readonly dependencies: readonly string[]
  /** Packages of this repository that its production sources import. */
  readonly imports: readonly string[]
}

/** A package that must be released because it contains a copy of packages that changed. */
export interface BundledRelease {
  readonly name: string
  readonly contains: readonly string[]
}

/**
 * The packages that bundle a changed package and are not released yet. A package bundles what it imports without a
 * dependency on it, and whatever that one bundles in turn.
 */
export function bundledReleases(changed: readonly string[], packages: readonly ReleasePackage[]): BundledRelease[] {
  const byName = new Map(packages.map((each) => [each.name, each]))
  return packages
    .filter(({ name, private: hidden }) => !hidden && !changed.includes(name))
    .map(({ name }) => ({
      name,
      contains: [...bundledBy(name, byName)].filter((each) => changed.includes(each)).toSorted(),
    }))
    .filter(({ contains }) => contains.length > 0)
}

/** Every package whose code is inside the published files of another. */
function bundledBy(name: string, packages: ReadonlyMap<string, ReleasePackage>): Set<string> {
  const found = new Set<string>()
  const queue = [name]
  for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
    const { imports = [], dependencies = [] } = packages.get(at) ?? {}
    // What the outermost package depends on is installed beside it, however it is reached.
    const outer = packages.get(name)?.dependencies ?? dependencies
    const inside = imports.filter((each) => !outer.includes(each) && !found.has(each))
    for (const each of inside) {
      found.add(each)
      queue.push(each)
    }
  }
  return found
}
