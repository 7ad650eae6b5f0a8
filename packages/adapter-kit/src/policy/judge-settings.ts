import { quantityValue } from '@agent-jobs/kube-api'
import { isDeepStrictEqual } from 'node:util'
import type { z } from 'zod'
import { settingMetaOf } from '../settings/setting-types.ts'
import type { OperatorPolicy } from './operator-policy.ts'
import { textsOf, type OperatorRule, type ServerFacts } from './operator-rule.ts'
import { matchesPatterns } from './patterns.ts'

/** A setting whose value the operator's policy does not allow. */
export interface BarredSetting {
  key: string
  message: string
}

type Limit = number | string

/** The rules of one adapter: its own section of the policy takes precedence over the common one. */
export interface EffectivePolicy {
  defaults: Readonly<Record<string, unknown>>
  allow: Readonly<Record<string, readonly string[]>>
  maximum: Readonly<Record<string, Limit | Readonly<Record<string, Limit>>>>
}

/** Joins the common rules with those of one adapter. */
export function policyFor(policy: OperatorPolicy, adapterType: string): EffectivePolicy {
  const own = policy.adapters[adapterType]
  return {
    defaults: { ...policy.defaults, ...own?.defaults },
    allow: { ...policy.allow, ...own?.allow },
    maximum: { ...policy.maximum, ...own?.maximum },
  }
}

const shown = (text: string) => JSON.stringify(text.length > 100 ? `${text.slice(0, 100)}…` : text)

function amount(value: unknown): number | null {
  if (typeof value === 'number') return value
  return typeof value === 'string' ? quantityValue(value) : null
}

/** The quantities of a value by name; a single one has the name ''. */
function amounts(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : [['', value]]
}

function excess(rule: OperatorRule, value: unknown, maximum: Limit | Readonly<Record<string, Limit>>): string | null {
  for (const [name, each] of amounts(value)) {
    const limit = typeof maximum === 'object' ? maximum[name] : maximum
    const most = limit === undefined ? null : amount(limit)
    const asked = amount(each)
    if (most === null || asked === null) continue
    const unlimited = rule.zeroMeansUnlimited === true && asked === 0
    if (asked > most || unlimited) return `${unlimited ? 'unlimited' : String(each)}${name && ` (${name})`}`
  }
  return null
}

/** Returns what is wrong with one value, or null. */
function objection(key: string, rule: OperatorRule, value: unknown, policy: EffectivePolicy, facts: ServerFacts) {
  const isFixed = rule.fixedByDefault === true && key in policy.defaults
  const byDefault = typeof rule.allow === 'function' ? rule.allow(facts) : rule.allow
  const patterns = policy.allow[key] ?? (isFixed ? [] : byDefault)
  const refused = textsOf(rule, value).filter((text) => !matchesPatterns(text, patterns))
  if (refused.length > 0) {
    const list = refused.slice(0, 5).map(shown).join(', ')
    const instead = patterns.length === 0 ? 'No value is allowed' : `Allowed: ${patterns.slice(0, 20).join(', ')}`
    return `${list} is not allowed. ${instead}; the operator allows it in the policy's "allow.${key}"`
  }
  const maximum = policy.maximum[key] ?? rule.maximum
  const over = maximum === undefined ? null : excess(rule, value, maximum)
  if (over === null) return null
  const most = typeof maximum === 'object' ? JSON.stringify(maximum) : String(maximum)
  return `${over} is above the maximum of ${most}; the operator sets it in the policy's "maximum.${key}"`
}

/**
 * Every setting that the policy bars, by name. Values that equal the operator's default are allowed. A setting without a
 * rule is barred, so a forgotten rule grants nothing. Pure.
 */
export function judgeSettings(input: {
  schema: z.ZodObject
  settings: Readonly<Record<string, unknown>>
  /** The settings of an agent that configures nothing. */
  fallback: Readonly<Record<string, unknown>>
  policy: EffectivePolicy
  facts: ServerFacts
}): BarredSetting[] {
  const { schema, settings, fallback, policy, facts } = input
  return Object.keys(schema.shape).flatMap((key) => {
    const value = settings[key]
    const { aliasOf, rule } = ruleOf(schema, key)
    const target = aliasOf ?? key
    if (value === undefined || [key, target].some((name) => isDeepStrictEqual(value, fallback[name]))) return []
    if (rule === null) return [{ key, message: 'the setting has no operator rule, so it cannot be used' }]
    const message = objection(target, rule, value, policy, facts)
    return message === null ? [] : [{ key, message }]
  })
}

/** The operator rule of a setting; an alias has that of its setting. */
export function ruleOf(schema: z.ZodObject, key: string): { aliasOf: string | null; rule: OperatorRule | null } {
  const meta = settingMetaOf(schema.shape[key])
  if (meta === null) return { aliasOf: null, rule: null }
  if (!('aliasOf' in meta)) return { aliasOf: null, rule: meta.operator }
  const target = settingMetaOf(schema.shape[meta.aliasOf])
  return { aliasOf: meta.aliasOf, rule: target !== null && 'operator' in target ? target.operator : null }
}

/** Lowers what an agent did not set to the operator's maximum. */
export function withinMaximum<T extends Record<string, unknown>>(
  schema: z.ZodObject,
  settings: T,
  fallback: Readonly<Record<string, unknown>>,
  policy: EffectivePolicy,
): T {
  const lowered = Object.entries(policy.maximum).flatMap(([key, maximum]) => {
    const { rule } = ruleOf(schema, key)
    if (rule === null || typeof maximum === 'object' || !isDeepStrictEqual(settings[key], fallback[key])) return []
    return excess(rule, settings[key], maximum) === null ? [] : [[key, maximum] as const]
  })
  return { ...settings, ...Object.fromEntries(lowered) }
}
