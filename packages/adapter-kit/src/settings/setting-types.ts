import { quantityValue } from '@agent-jobs/kube-api'
import { z } from 'zod'
import type { OperatorRule } from '../policy/operator-rule.ts'
import { isBlank, readList, readMap, readObjects, readRecord, type Loose } from './loose-text.ts'
import { readTolerations } from './tolerations.ts'

/** How Paperclip's form shows a setting. */
export interface SettingMeta {
  /** Label in the form. */
  title: string
  /** What it does, in one or two sentences; hint of the form and text of the README's table. */
  description: string
  /** Paperclip's field type for it; settings without one are in Paperclip's own form or set by hand. */
  field?: 'text' | 'select' | 'toggle' | 'number' | 'textarea' | 'combobox'
  /** Group of the form. */
  group: string
  /** Choices of a select or combobox. */
  options?: readonly { label: string; value: string }[]
  /** Stored by Paperclip as an encrypted secret. */
  secret?: boolean
  /** Shown only when another setting has this value. */
  visibleWhen?: { key: string; value: unknown }
  /** How the table names the type. */
  kind?: string
  /** What agents may do with it without an operator policy. */
  operator: OperatorRule
}

/** A second name of a setting; the operator's rule of the first applies to it. */
export interface AliasMeta {
  aliasOf: string
}

/** What a setting's schema says about it; null for a schema that is not a setting. */
export function settingMetaOf(schema: unknown): SettingMeta | AliasMeta | null {
  const meta: unknown = schema instanceof z.ZodType ? schema.meta() : undefined
  if (typeof meta !== 'object' || meta === null) return null
  return 'operator' in meta || 'aliasOf' in meta ? (meta as SettingMeta | AliasMeta) : null
}

/** Marks a schema as a second name of another setting; the flow reads both. */
export function alias<T extends z.ZodType>(schema: T, aliasOf: string): T {
  return schema.meta({ aliasOf })
}

/** Attaches the form's data to a zod schema; call it last, since every zod method creates a new schema. */
export function setting<T extends z.ZodType>(schema: T, meta: SettingMeta): T {
  return schema.meta({ ...meta })
}

const blankToAbsent = (value: unknown) => (isBlank(value) ? undefined : value)

function loose<T>(read: (value: unknown) => Loose<T>) {
  return z.unknown().transform((value, context): T | undefined => {
    if (isBlank(value)) return undefined
    const result = read(value)
    if (result.ok) return result.value
    context.addIssue({ code: 'custom', message: result.error })
    return z.NEVER
  })
}

/** A trimmed text; blank means absent. */
export const text = () =>
  z.preprocess(
    (value) => (typeof value === 'string' ? blankToAbsent(value.trim()) : blankToAbsent(value)),
    z.string().optional(),
  )

/** A text that keeps its white space; blank means absent. */
export const longText = () => z.preprocess(blankToAbsent, z.string().optional())

/** A number ≥ `min`, also when the form sends it as text. */
export const number = (
  fallback: number,
  { min = 0, max = Number.MAX_SAFE_INTEGER }: { min?: number; max?: number } = {},
) =>
  z.preprocess((value) => {
    const parsed = typeof value === 'string' && !isBlank(value) ? Number(value) : Number.NaN
    return Number.isNaN(parsed) ? blankToAbsent(value) : parsed
  }, z.number().min(min).max(max).default(fallback))

/** A switch, also when the form sends it as text. */
export const toggle = (fallback: boolean) =>
  z.preprocess((value) => {
    if (typeof value !== 'string') return blankToAbsent(value)
    const word = value.trim().toLowerCase()
    if (['true', '1', 'on', 'yes'].includes(word)) return true
    return ['false', '0', 'off', 'no'].includes(word) ? false : blankToAbsent(value)
  }, z.boolean().default(fallback))

/** One of the listed words; the first is what an empty form sends. */
export const choice = <const T extends readonly [string, ...string[]]>(
  values: T,
  fallback: NoInfer<T[number]>,
  // Explicit: TypeScript cannot read back the type that it would infer and print here.
): z.ZodType<T[number], unknown> =>
  z.preprocess(
    (value) => (typeof value === 'string' ? blankToAbsent(value.trim()) : blankToAbsent(value)),
    z
      .enum(values)
      .optional()
      .transform((value): T[number] => value ?? fallback),
  )

/** A Kubernetes quantity such as `1500m` or `2Gi`. */
export const quantity = (fallback?: string) =>
  z.preprocess(
    (value) => {
      if (typeof value === 'number') return String(value)
      return typeof value === 'string' ? blankToAbsent(value.trim()) : blankToAbsent(value)
    },
    z
      .string()
      .refine(
        (value) => quantityValue(value) !== null,
        'is not a Kubernetes quantity; write for example 1500m (CPU) or 2Gi (memory)',
      )
      .optional()
      .transform((value) => value ?? fallback),
  )

/** `key=value` pairs as object, JSON, YAML or lines; absent stays absent, so that it can be inherited. */
export const pairs = () => loose(readMap)

/** Quantities by resource name, as object, JSON, YAML or lines. */
export const quantities = () =>
  loose((value) => {
    const read = readMap(value)
    if (!read.ok) return read
    const wrong = Object.entries(read.value).find(([, amount]) => quantityValue(amount) === null)
    return wrong === undefined
      ? read
      : { ok: false, error: `"${wrong[0]}" is not a Kubernetes quantity; write for example 1` }
  })

/** A list of objects as array, JSON or YAML; absent means none. */
export const objects = () => loose(readObjects).transform((value) => value ?? [])

/** Texts as array, JSON, YAML, lines or comma separated. */
export const list = () => loose(readList).transform((value) => value ?? [])

/** An object, also as JSON or YAML. */
export const record = () => loose(readRecord)

/** Tolerations as list, JSON, YAML or lines; absent stays absent, so that they can be inherited. */
export const tolerations = () => loose(readTolerations)
