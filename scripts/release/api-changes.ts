/** How the exports of a package differ between two of its API reports. */
export interface ApiChanges {
  readonly added: readonly string[]
  readonly removed: readonly string[]
  readonly changed: readonly string[]
}

/** Compares two API reports (`api.md`) by the declarations in them. */
export function apiChanges(before: string, after: string): ApiChanges {
  const [earlier, now] = [declarations(before), declarations(after)]
  return {
    added: [...now.keys()].filter((name) => !earlier.has(name)),
    removed: [...earlier.keys()].filter((name) => !now.has(name)),
    changed: [...now].flatMap(([name, text]) => (earlier.has(name) && earlier.get(name) !== text ? [name] : [])),
  }
}

/** The declarations of a report by their entry point and name. */
function declarations(report: string): Map<string, string> {
  const found = new Map<string, string>()
  for (const [, title = '', block = ''] of report.matchAll(/^## (.+)\n+```ts\n([\s\S]*?)^```/gm)) {
    for (const declaration of block.split(/\n\n(?=\S)/)) {
      const [, name] =
        /^(?:declare |abstract |export )*(?:interface|type|class|function|const|enum) (\w+)/.exec(declaration) ?? []
      if (name !== undefined) found.set(`${title.replace(/^@agent-jobs\/[\w-]+\/?/, '')}#${name}`, declaration.trim())
    }
  }
  return found
}

/** The section of a changelog for the changes; empty if there are none. */
export function apiSection({ added, removed, changed }: ApiChanges): string {
  const line = (verb: string, names: readonly string[]) =>
    names.length === 0 ? [] : [`- ${verb}: ${names.map((name) => `\`${name.replace(/^#/, '')}\``).join(', ')}`]
  const lines = [...line('Added', added), ...line('Changed', changed), ...line('Removed', removed)]
  return lines.length === 0 ? '' : `### API\n\n${lines.join('\n')}\n`
}

/** A changelog with a section put at the end of its newest version. */
export function addToNewest(changelog: string, section: string): string {
  if (section === '') return changelog
  const [head = '', newest = '', ...older] = changelog.split(/^(?=## )/m)
  return [head, `${newest.trimEnd()}\n\n${section}\n`, ...older].join('')
}
