import type { AgentErrorCode } from './agent-error-code.ts'
import { codeOfStatus } from './code-of-status.ts'
import { type ProviderTable, providerTables } from './provider-tables.ts'
import type { ProviderError } from './read-provider-error.ts'

/** A code, and what decided it. */
export interface ProviderVerdict {
  readonly code: AgentErrorCode
  /** `name`, `message` or `status` of the provider's answer. */
  readonly by: 'name' | 'message' | 'status'
  readonly value: string | number
}

const exact = mapOf((table) => table.exact)
const broad = mapOf((table) => table.broad)
const vague = mapOf((table) => table.vague)
const sentences = providerTables.flatMap((table) => table.sentences ?? [])

/** The code of a provider's error by its own names, then its sentences, then the HTTP status; null when none tells. */
export function classifyProviderError(error: ProviderError | null, httpStatus: number | null): ProviderVerdict | null {
  const status = isError(httpStatus) ? httpStatus : (error?.status ?? null)
  const { names = [], messages = [] } = error ?? {}
  return (
    byName(exact, names) ??
    bySentence(messages) ??
    byStatus(status === 402 || status === 529 ? status : null) ??
    byName(broad, names) ??
    byStatus(status) ??
    byName(vague, names)
  )
}

/** The code of the first name that says exactly what is wrong. */
export function codeOfNames(names: readonly string[]): AgentErrorCode | undefined {
  return byName(exact, names)?.code
}

// What SDKs and gateways put before a provider's sentence: `litellm.BadRequestError: OpenAIException - …`, `undefined: …`.
const prefix = /^(?:(?:litellm\.)?\w*(?:Error|Exception)(?:: | - )|undefined: |Error code: \d{3} - )+/

/** The code of a sentence of a provider, where it is one that a table knows. */
export function codeOfSentence(text: string): AgentErrorCode | undefined {
  const bare = text.replace(prefix, '')
  const known = (said: string) => sentences.find(([pattern]) => pattern.test(said))?.[1]
  return (bare === text ? undefined : known(bare)) ?? known(text)
}

function byName(map: ReadonlyMap<string, AgentErrorCode>, names: readonly string[]): ProviderVerdict | null {
  for (const value of names) {
    const code = map.get(value)
    if (code !== undefined) return { code, by: 'name', value }
  }
  return null
}

function bySentence(messages: readonly string[]): ProviderVerdict | null {
  for (const value of messages) {
    const code = codeOfSentence(value)
    if (code !== undefined) return { code, by: 'message', value: value.slice(0, 200) }
  }
  return null
}

function byStatus(status: number | null): ProviderVerdict | null {
  const code = codeOfStatus(status)
  return code === undefined || status === null ? null : { code, by: 'status', value: status }
}

function isError(status: number | null): boolean {
  return status !== null && status >= 400
}

function mapOf(
  pick: (table: ProviderTable) => Readonly<Record<string, AgentErrorCode>> | undefined,
): ReadonlyMap<string, AgentErrorCode> {
  return new Map(providerTables.flatMap((table) => Object.entries(pick(table) ?? {})))
}
