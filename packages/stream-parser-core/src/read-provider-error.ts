import { isJsonObject, type JsonObject, listOf, memberOf, numberOf, objectOf, parseJson, textOf } from './json.ts'

/** What a provider's answer says about an error, whatever its shape. */
export interface ProviderError {
  /** Every name or number that may tell the error apart, the most exact first. */
  readonly names: readonly string[]
  /** HTTP status that the answer itself states; null when it states none. */
  readonly status: number | null
  /** The sentences, the innermost first. */
  readonly messages: readonly string[]
  /** Objects of the answer that may state when to try again. */
  readonly objects: readonly JsonObject[]
  /** `error.param`: the part of the request that is refused. */
  readonly param: string | null
}

// A provider's error answer is small; a page of HTML in its place is not worth parsing.
const maxBodyChars = 64 * 1024
const maxDepth = 8
const maxNameChars = 200
const nameMembers = ['code', 'type', 'status', 'reason', 'error_type', 'error_code', '__type']
const innerMembers = ['error', 'innererror', 'inner_error', 'metadata', 'cause', 'response']

/** Reads an answer: text, JSON as text, or parsed JSON. Null when it says nothing. */
export function readProviderError(answer: unknown): ProviderError | null {
  const names: string[] = []
  const messages: string[] = []
  const objects: JsonObject[] = []
  let status: number | null = null
  let param: string | null = null

  function take(value: unknown, depth: number): void {
    if (depth > maxDepth || value === null || value === undefined) return
    if (typeof value === 'string') return takeText(value, depth)
    // Gemini's stream is an array; others list several errors.
    if (Array.isArray(value)) return value.slice(0, 5).forEach((item) => take(item, depth + 1))
    if (isJsonObject(value)) takeObject(value, depth)
  }

  function takeText(text: string, depth: number): void {
    const json = jsonIn(text)
    if (json !== null) take(json.value, depth + 1)
    const words = (json === null ? text : text.slice(0, json.start)).trim()
    if (words !== '') messages.push(words.slice(0, 4000))
  }

  function takeObject(object: JsonObject, depth: number): void {
    objects.push(object)
    for (const member of innerMembers) take(memberOf(object, member), depth + 1)
    takeBaseResp(objectOf(object, 'base_resp'), depth)
    // OpenRouter quotes the answer of the provider behind it.
    take(textOf(object, 'raw'), depth + 1)
    takeDetails(listOf(object, 'details').slice(0, 20).filter(isJsonObject))
    for (const member of nameMembers) {
      const value = memberOf(object, member)
      if (typeof value === 'number' && value >= 400 && value < 600) status ??= value
      else if (typeof value === 'string' && /^[45]\d\d$/.test(value)) status ??= Number(value)
      else if (typeof value === 'number' || (typeof value === 'string' && value !== '' && value.length <= maxNameChars))
        names.push(...namesIn(String(value)))
    }
    param ??= textOf(object, 'param')
    for (const member of ['message', 'detail', 'error_description', 'Message']) take(textOf(object, member), depth + 1)
  }

  /** MiniMax puts its own numbers here, in an answer with status 200. */
  function takeBaseResp(object: JsonObject | null, depth: number): void {
    const code = numberOf(object, 'status_code')
    if (code === null || code === 0) return
    names.push(`base_resp:${code}`)
    take(textOf(object, 'status_msg'), depth + 1)
  }

  function takeDetails(details: readonly JsonObject[]): void {
    objects.push(...details)
    const reasons = details.map((detail) => textOf(detail, 'reason')).filter((reason) => reason !== null)
    // Google names the quota: one per day is used up until the day ends, one per minute is a rate limit.
    const quotas = details
      .flatMap((detail) => listOf(detail, 'violations'))
      .map((violation) => (isJsonObject(violation) ? (textOf(violation, 'quotaId') ?? '') : ''))
    if (quotas.some((quota) => /PerDay/i.test(quota))) names.push('QUOTA_EXCEEDED')
    else if (quotas.some((quota) => /Per(?:Minute|Second)/i.test(quota))) names.push('RATE_LIMIT_EXCEEDED')
    names.push(...reasons)
  }

  take(answer, 0)
  return names.length + messages.length + objects.length === 0 ? null : { names, status, messages, objects, param }
}

/** A name as it stands, and the last part of one with a namespace (`com.amazon…#ThrottlingException:http://…`). */
function namesIn(name: string): string[] {
  const bare = /^(?:[\w.]+#)?([A-Z]\w+Exception)(?::.*)?$/.exec(name)?.[1]
  return bare === undefined || bare === name ? [name] : [bare, name]
}

/** The object or list of objects that a text is, or that follows a sentence of a gateway in it. */
function jsonIn(text: string): { value: unknown; start: number } | null {
  if (text.length > maxBodyChars) return null
  const start = text.search(/\{|\[\s*\{/)
  if (start < 0) return null
  const value = parseJson(text.slice(start, 1 + Math.max(text.lastIndexOf('}'), text.lastIndexOf(']'))))
  return typeof value === 'object' && value !== null ? { value, start } : null
}
