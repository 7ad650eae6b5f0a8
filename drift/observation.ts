/** What one run of a command line showed, without what differs from run to run. */
export interface Observation {
  /** Null when it had to be stopped. */
  readonly exitCode: number | null
  /** Kinds of lines by name (`system/init`), each with the members that its lines have. */
  readonly events: Readonly<Record<string, readonly string[]>>
  /** What our parser made of it. */
  readonly verdict: Readonly<Record<string, unknown>>
}

/** The observations of one version, by scenario. */
export interface Recorded {
  readonly version: string
  readonly scenarios: Readonly<Record<string, Observation>>
}

const maxDepth = 2
const maxNamed = 6

/** The kinds of lines on stdout and the members that they have, down to the second level. */
export function eventsOf(stdout: string): Record<string, string[]> {
  const kinds = new Map<string, Set<string>>()
  for (const line of stdout.split('\n')) {
    const value = objectIn(line)
    if (value === null) continue
    const name = nameOf(value)
    const members = kinds.get(name) ?? new Set()
    kinds.set(name, members)
    for (const path of pathsOf(value, maxDepth)) members.add(path)
  }
  return Object.fromEntries([...kinds].sort(byName).map(([name, members]) => [name, [...members].sort()]))
}

/** What differs between a recorded run and another, one sentence each; none when nothing does. */
export function compare(before: Observation | undefined, after: Observation): string[] {
  if (before === undefined) return ['was not recorded']
  return [
    ...(before.exitCode === after.exitCode ? [] : [`exit code ${show(before.exitCode)} → ${show(after.exitCode)}`]),
    ...Object.keys({ ...before.verdict, ...after.verdict }).flatMap((key) =>
      show(before.verdict[key]) === show(after.verdict[key])
        ? []
        : [`verdict ${key}: ${show(before.verdict[key])} → ${show(after.verdict[key])}`],
    ),
    ...differences(Object.keys(before.events), Object.keys(after.events)).map((change) => `event ${change}`),
    ...Object.entries(after.events).flatMap(([name, members]) => {
      const known = before.events[name]
      return known === undefined ? [] : differences(known, members).map((change) => `${name}: member ${change}`)
    }),
  ]
}

/** Each change once, with the scenarios that show it. */
export function groupChanges(changes: ReadonlyMap<string, readonly string[]>): string[] {
  const groups = new Map<string, string[]>()
  for (const [scenario, all] of changes) {
    for (const change of all) groups.set(change, [...(groups.get(change) ?? []), scenario])
  }
  return [...groups].map(([change, scenarios]) => {
    const more = scenarios.length > maxNamed ? `, … (${scenarios.length} scenarios)` : ''
    return `${change}  [${scenarios.slice(0, maxNamed).join(', ')}${more}]`
  })
}

function differences(before: readonly string[], after: readonly string[]): string[] {
  return [
    ...after.filter((name) => !before.includes(name)).map((name) => `+ ${name}`),
    ...before.filter((name) => !after.includes(name)).map((name) => `- ${name}`),
  ]
}

function nameOf(value: Readonly<Record<string, unknown>>): string {
  const item = isObject(value['item']) ? value['item']['type'] : undefined
  return [value['type'], value['subtype'], item].filter((part) => typeof part === 'string').join('/') || '(no type)'
}

function pathsOf(value: Readonly<Record<string, unknown>>, depth: number, before = ''): string[] {
  const paths: string[] = []
  for (const [key, member] of Object.entries(value)) {
    // Names of models and tools are data, not members.
    const path = `${before}${/^[A-Za-z_]+$/.test(key) ? key : '*'}`
    paths.push(path)
    if (depth > 1 && isObject(member)) paths.push(...pathsOf(member, depth - 1, `${path}.`))
  }
  return paths
}

function objectIn(line: string): Readonly<Record<string, unknown>> | null {
  if (!line.startsWith('{')) return null
  try {
    const value: unknown = JSON.parse(line)
    return isObject(value) ? value : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function byName([a]: readonly [string, unknown], [b]: readonly [string, unknown]): number {
  return a < b ? -1 : 1
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : JSON.stringify(value)
}
