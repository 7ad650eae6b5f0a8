import type { AdapterConfigSchema, ConfigFieldSchema } from '@paperclipai/adapter-utils'
import type { z } from 'zod'
import { settingMetaOf, type SettingMeta } from './setting-types.ts'

/** A setting with what its schema says about it. */
export interface SettingEntry {
  key: string
  meta: SettingMeta
  fallback: unknown
}

/** Every setting of a schema that carries form data, in the schema's order. */
export function settingEntries(schema: z.ZodObject): SettingEntry[] {
  return Object.entries(schema.shape).flatMap(([key, field]) => {
    const type = field as z.ZodType
    const meta = settingMetaOf(type)
    if (meta === null || 'aliasOf' in meta) return []
    const empty = type.safeParse(undefined)
    return [{ key, meta, fallback: empty.success ? empty.data : undefined }]
  })
}

/** Builds Paperclip's config form from the schema. */
export function configForm(schema: z.ZodObject): AdapterConfigSchema {
  return {
    fields: settingEntries(schema).flatMap(({ key, meta, fallback }): ConfigFieldSchema[] => {
      if (!meta.field) return []
      const extra = {
        ...(meta.secret ? { secret: true } : {}),
        // Paperclip's form compares texts, and shows a field whose condition is not a text.
        ...(meta.visibleWhen
          ? { visibleWhen: { key: meta.visibleWhen.key, value: String(meta.visibleWhen.value) } }
          : {}),
      }
      return [
        {
          key,
          label: meta.title,
          type: meta.field,
          hint: meta.description,
          group: meta.group,
          ...(fallback === undefined || typeof fallback === 'object' ? {} : { default: fallback }),
          ...(meta.options ? { options: [...meta.options] } : {}),
          ...(Object.keys(extra).length === 0 ? {} : { meta: extra }),
        },
      ]
    }),
  }
}

function cell(value: string): string {
  return value.replaceAll('|', '\\|').replaceAll('\n', ' ')
}

function kindOf({ meta, fallback }: SettingEntry): string {
  if (meta.kind) return meta.kind
  if (meta.options) return meta.options.map(({ value }) => `\`${value}\``).join(', ')
  if (typeof fallback === 'number') return 'number'
  return typeof fallback === 'boolean' ? 'switch' : 'text'
}

function fallbackOf({ fallback }: SettingEntry): string {
  if (fallback === undefined || (Array.isArray(fallback) && fallback.length === 0)) return '–'
  return `\`${typeof fallback === 'object' ? JSON.stringify(fallback) : String(fallback)}\``
}

/** Builds the README's options table from the schema. */
export function settingsTable(schema: z.ZodObject): string {
  const rows = settingEntries(schema).map(
    (entry) =>
      `| \`${entry.key}\` | ${cell(kindOf(entry))} | ${cell(fallbackOf(entry))} | ${cell(entry.meta.description)} |`,
  )
  return ['| setting | type | default | what it does |', '|---|---|---|---|', ...rows].join('\n')
}

/** Builds the table of what agents may set without a policy: every restricted setting. */
export function operatorTable(schema: z.ZodObject): string {
  const list = (patterns: readonly string[]) =>
    patterns.length === 0 ? 'nothing' : patterns.map((pattern) => `\`${pattern}\``).join(', ')
  const rows = settingEntries(schema).flatMap(({ key, meta: { operator } }) => {
    const byFacts = (inCluster: boolean) =>
      typeof operator.allow === 'function' ? operator.allow({ inCluster }) : operator.allow
    const [inside, outside] = [byFacts(true), byFacts(false)]
    if (inside.length === 1 && inside[0] === '*' && operator.maximum === undefined) return []
    const same = inside.join() === outside.join()
    const maximum = operator.maximum === undefined ? '–' : `\`${operator.maximum}\``
    const allowed = same ? list(inside) : `${list(inside)} in a cluster`
    return [`| \`${key}\` | ${cell(allowed)} | ${maximum} | ${cell(operator.why ?? '')} |`]
  })
  return ['| setting | allowed by default | maximum | why |', '|---|---|---|---|', ...rows].join('\n')
}
