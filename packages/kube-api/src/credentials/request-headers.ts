import type { KubeUser } from '../kubeconfig/kube-config.ts'
import { CredentialProblem } from './credential-problem.ts'

/** Headers of a request; an array is a repeated header. */
export type RequestHeaders = Readonly<Record<string, string | string[]>>

/** The header for a token. */
export function bearer(token: string, source: string): RequestHeaders {
  // undici and Node would reject it with a message that does not show the cause.
  if (/[^\x21-\x7e]/.test(token)) {
    throw new CredentialProblem(
      `${source} has characters that no HTTP header can hold, such as a space or a line break`,
    )
  }
  return { authorization: `Bearer ${token}` }
}

/** The header for a name and a password. */
export function basic(username: string, password: string): RequestHeaders {
  return { authorization: `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}` }
}

// HTTP libraries take header values as Latin-1; the API server reads UTF-8.
const asUtf8 = (text: string): string => Buffer.from(text, 'utf8').toString('latin1')

/** Escapes characters that are invalid in header names, as client-go does: percent-encoding of each byte. */
function headerKey(key: string): string {
  return [...Buffer.from(key.toLowerCase(), 'utf8')]
    .map((byte) => {
      const character = String.fromCodePoint(byte)
      if (/[!#$&'*+\-.^_`|~0-9a-z]/.test(character)) return character
      return `%${byte.toString(16).toUpperCase().padStart(2, '0')}`
    })
    .join('')
}

/** The headers that ask the API server to impersonate another user. */
export function impersonation(user: KubeUser): RequestHeaders {
  const { impersonateUser, impersonateUid, impersonateGroups = [], impersonateExtra = {} } = user
  if (impersonateUser === undefined || impersonateUser === '') return {}
  const headers: Record<string, string | string[]> = { 'impersonate-user': asUtf8(impersonateUser) }
  if (impersonateUid) headers['impersonate-uid'] = asUtf8(impersonateUid)
  if (impersonateGroups.length > 0) headers['impersonate-group'] = impersonateGroups.map(asUtf8)
  for (const [key, values] of Object.entries(impersonateExtra)) {
    if (values.length > 0) headers[`impersonate-extra-${headerKey(key)}`] = values.map(asUtf8)
  }
  for (const [name, value] of Object.entries(headers)) {
    if (/[\r\n\0]/.test([value].flat().join(''))) {
      throw new CredentialProblem(`${name} has characters that no HTTP header can hold, such as a line break`)
    }
  }
  return headers
}
