import { parse } from 'yaml'

/** The packages that a list of changesets releases, each once. */
export function changedPackages(changesets: readonly string[]): string[] {
  const names = changesets.flatMap((text) => {
    const [, head = ''] = /^---\n([\s\S]*?)\n---/.exec(text) ?? []
    const releases = parse(head) as Readonly<Record<string, string>> | null
    return Object.entries(releases ?? {})
      .filter(([, type]) => type !== 'none')
      .map(([name]) => name)
  })
  return [...new Set(names)]
}
