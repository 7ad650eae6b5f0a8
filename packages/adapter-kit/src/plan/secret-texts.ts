import { isSensitive } from '../pod/env-policy.ts'
import { isRecord } from '../settings/loose-text.ts'

// Of settings and headers, besides what names of variables say: OpenCode's logins, HTTP's own.
const alsoSensitive = /^(?:access|refresh|(?:proxy-)?authorization)$/i

/** The name as a variable would have it: `apiKey` and `x-api-key` are no other words than `API_KEY`. */
function asVariable(name: string): string {
  return name.replaceAll(/(?<=[a-z0-9])(?=[A-Z])/g, '_').replaceAll(/[^A-Za-z0-9]+/g, '_')
}

/** The credentials in a piece of configuration, known by the names that they stand under or by their looks. */
export function secretTexts(value: unknown, name = ''): string[] {
  if (typeof value === 'string') {
    // A reference to a variable is no credential.
    if (/\$\{\w+\}|\{env:\w+\}/.test(value)) return []
    if (!alsoSensitive.test(name) && !isSensitive(asVariable(name), value)) return []
    // A program may show the credential without the scheme that stands before it in a header.
    const bare = /^(?:bearer|basic|token)\s+(\S+)$/i.exec(value)?.[1]
    return bare === undefined ? [value] : [value, bare]
  }
  if (Array.isArray(value)) return value.flatMap((each: unknown) => secretTexts(each, name))
  return isRecord(value) ? Object.entries(value).flatMap(([key, each]) => secretTexts(each, key)) : []
}
