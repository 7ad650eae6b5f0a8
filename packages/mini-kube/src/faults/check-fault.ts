import { badRequest } from '../api-error.ts'
import type { Fault } from './fault.ts'

type Check = (value: unknown) => boolean

const isNumber: Check = (value) => typeof value === 'number' && Number.isFinite(value)
const isText: Check = (value) => typeof value === 'string' && value !== ''
const isAmount: Check = (value) =>
  isNumber(value) || (Array.isArray(value) && value.length === 2 && value.every((one) => isNumber(one)))
const oneOf =
  (...words: string[]): Check =>
  (value) =>
    words.includes(value as string)
const isStatus: Check = (value) => isNumber(value) && (value as number) >= 400 && (value as number) <= 599

const amount = [isAmount, 'a number or a range as [2, 5]'] as const
const number = [isNumber, 'a number'] as const
const text = [isText, 'a text'] as const
const how = [oneOf('reset', 'close', 'end', 'half-open'), 'reset, close, end or half-open'] as const

/** The required fields of each kind of fault. */
const needs: Record<Fault['kind'], Record<string, readonly [Check, string]>> = {
  latency: { ms: amount },
  error: { status: [isStatus, 'a number from 400 to 599'] },
  cut: { afterBytes: amount, how },
  gone: {},
  stale: {},
  'drop-events': {},
  'double-events': {},
  'log-text': { text },
  'log-not-found': {},
  'api-down': {},
  'kubelet-down': {},
  'node-lost': {},
  'node-deleted': {},
  image: { image: text },
  mount: { volume: text },
  'clock-step': { ms: number },
  compact: {},
  'cut-all': {},
  evict: { pod: text },
  preempt: { pod: text },
  oom: { pod: text },
  exit: { pod: text, exitCode: number },
  rotate: { pod: text },
  'repeat-log': { pod: text },
  'truncate-log': { pod: text, bytes: number },
  'remove-log': { pod: text },
}

/** Every kind of fault. */
export const faultKinds = Object.keys(needs)

/** Refuses an incomplete fault; one from JSON may contain anything. */
export function checkFault(fault: Fault): void {
  const kind: unknown = (fault as { kind?: unknown } | null)?.kind
  if (typeof kind !== 'string' || !Object.hasOwn(needs, kind)) {
    throw badRequest(
      `Expected \`kind\` to be a kind of fault, got \`${String(kind)}\`. There are: ${faultKinds.join(', ')}`,
    )
  }
  for (const [field, [check, what]] of Object.entries(needs[kind as Fault['kind']])) {
    const value = (fault as unknown as Record<string, unknown>)[field]
    if (!check(value)) {
      throw badRequest(`Expected \`${field}\` of the fault \`${kind}\` to be ${what}, got \`${JSON.stringify(value)}\``)
    }
  }
}
