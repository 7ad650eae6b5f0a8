import { isSensitive } from '@agent-jobs/primitives'
import { isRecord } from '../settings/loose-text.ts'

// Names in settings and headers, besides those of variables: OpenCode's logins, HTTP headers.
const alsoSensitive = /^(?:access|refresh|(?:proxy-)?authorization)$/i

/** The name as a variable would have it: `apiKey` and `x-api-key` become `API_KEY`. */
function asVariable(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_').replaceAll(/[^A-Za-z0-9]+/g, '_')
}

/** The credentials in a piece of configuration, recognised by their keys or by their form. */
export function secretTexts(value: unknown, name = ''): string[] {
  if (typeof value === 'string') {
    // A reference to a variable is not a credential.
    if (/\$\{\w+\}|\{env:\w+\}/.test(value)) return []
    if (!alsoSensitive.test(name) && !isSensitive(asVariable(name), value)) return []
    // A program may print the credential without the scheme that precedes it in a header.
    const bare = /^(?:bearer|basic|token)\s+(\S+)$/i.exec(value)?.[1]
    return bare === undefined ? [value] : [value, bare]
  }
  if (Array.isArray(value)) return value.flatMap((each: unknown) => secretTexts(each, name))
  return isRecord(value) ? Object.entries(value).flatMap(([key, each]) => secretTexts(each, key)) : []
}
