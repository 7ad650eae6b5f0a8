import { type ApiErrorText, readApiErrorText } from './api-error-text.ts'
import { type ApiErrorFields, classifyApiError } from './classify-api-error.ts'
import type { Evidence, Verdict } from './evidence.ts'
import type { ResultFacts, RunFacts } from './run-facts.ts'

/** Gathers what the lines say of an API error and classifies it; null when no member tells. */
export function judgeApiError(facts: RunFacts, result: ResultFacts | null, message: string): Verdict | null {
  const said = facts.assistantError
  const fields: ApiErrorFields = {
    kind: result?.apiError ?? said?.kind ?? null,
    cut: said?.cut ?? null,
    category: said?.error ?? null,
    status: result?.apiErrorStatus ?? said?.status ?? null,
    type: result?.apiErrorType ?? said?.type ?? null,
    terminalReason: result?.terminalReason ?? null,
    stopReason: result?.stopReason ?? said?.stopReason ?? null,
    rateLimitStatus: said?.rateLimitStatus ?? facts.rateLimit?.status ?? null,
    refused: facts.refusalLine !== null,
    words: said?.words ?? wordsOf(result),
  }
  const verdict = classifyApiError(fields)
  if (!verdict) return null
  return { code: verdict.code, message, evidence: [evidenceOf(verdict.field, verdict.value, facts, result)] }
}

/** `--output-format json` prints the result alone; its text is the CLI's where it is an error. */
function wordsOf(result: ResultFacts | null): ApiErrorText | null {
  const text = result?.errors[0] ?? result?.result
  return result?.isError === true && text != null ? readApiErrorText(text) : null
}

function evidenceOf(
  field: keyof ApiErrorFields,
  value: Evidence['value'],
  facts: RunFacts,
  result: ResultFacts | null,
): Evidence {
  const said = facts.assistantError
  const fromResult = (name: string): Evidence => ({ source: 'result', field: name, value, ...at(result?.line) })
  const fromAssistant = (name: string): Evidence => ({ source: 'assistant', field: name, value, ...at(said?.line) })
  switch (field) {
    case 'kind':
      return result?.apiError != null ? fromResult('api_error') : fromAssistant('api_error')
    case 'cut':
      return fromAssistant('api_error_params.cut')
    case 'category':
      return fromAssistant('error')
    case 'status':
      return result?.apiErrorStatus != null ? fromResult('api_error_status') : fromAssistant('api_error_status')
    case 'type':
      return result?.apiErrorType != null ? fromResult('api_error_type') : fromAssistant('api_error_type')
    case 'terminalReason':
      return fromResult('terminal_reason')
    case 'stopReason':
      return result?.stopReason != null ? fromResult('stop_reason') : fromAssistant('message.stop_reason')
    case 'rateLimitStatus':
      return said?.rateLimitStatus != null
        ? fromAssistant('api_error_params.rate_limit_info.status')
        : { source: 'rate_limit_event', field: 'rate_limit_info.status', value, ...at(facts.rateLimit?.line) }
    case 'refused':
      return {
        source: 'system',
        field: 'subtype',
        value: 'model_refusal_no_fallback',
        ...at(facts.refusalLine ?? undefined),
      }
    case 'words':
      return said?.words ? fromAssistant('message.content') : fromResult('result')
    default:
      return field satisfies never
  }
}

function at(line: number | undefined): { line?: number } {
  return line === undefined ? {} : { line }
}
