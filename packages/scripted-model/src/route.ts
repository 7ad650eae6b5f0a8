/** What a URL asks for. */
export interface Route {
  /** The scenario that the path names, or undefined where it names none. */
  readonly scenario: string | undefined
  /** The scenario with the key that follows it, for counting: `429-once/run-7`. */
  readonly counter: string
  readonly endpoint: 'messages' | 'count-tokens' | 'chat' | 'responses' | 'models' | 'root' | 'unknown'
}

const endpoints: readonly (readonly [suffix: string, Route['endpoint']])[] = [
  ['/messages/count_tokens', 'count-tokens'],
  ['/messages', 'messages'],
  ['/chat/completions', 'chat'],
  ['/responses', 'responses'],
  ['/models', 'models'],
]

/**
 * Reads a path: `[/s/<scenario>[/<key>]][/v1]/<endpoint>`. The key lets several runs share a scenario and still
 * be counted apart.
 */
export function readRoute(path: string): Route {
  const prefix = /^\/s\/([^/]+)/.exec(path)
  const rest = prefix ? path.slice(prefix[0].length) : path
  const name = prefix?.[1]
  const scenario = name === undefined ? undefined : decoded(name)
  for (const [suffix, endpoint] of endpoints) {
    if (!rest.endsWith(suffix)) continue
    const between = rest.slice(0, -suffix.length).replace(/\/v1$/, '')
    const key = /^\/[^/]+$/.test(between) ? between : ''
    if (between !== '' && key === '') break
    return { scenario, counter: `${scenario ?? ''}${key}`, endpoint }
  }
  return { scenario, counter: scenario ?? '', endpoint: rest === '' || rest === '/' ? 'root' : 'unknown' }
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch (error) {
    if (error instanceof URIError) return segment
    throw error
  }
}
