import type { z } from 'zod'
import { AdapterError } from '../adapter-error.ts'
import { isBlank, isRecord } from './loose-text.ts'

/** One setting that could not be read, by its name. */
export interface SettingProblem {
  key: string
  message: string
}

/** The settings, or every problem found in them. */
export type SettingsResult<T> = { ok: true; value: T } | { ok: false; problems: SettingProblem[] }

/** Looks a key up flat (`resources.limits.cpu`, as the form writes it) and nested (as people write it). */
export function lookUp(config: Record<string, unknown>, key: string): unknown {
  if (!isBlank(config[key])) return config[key]
  if (!key.includes('.')) return config[key]
  let value: unknown = config
  for (const part of key.split('.')) {
    if (!isRecord(value)) return undefined
    value = value[part]
  }
  return value
}

/** Reads an adapter's settings from Paperclip's config; keys of others are left alone. */
export function readSettings<S extends z.ZodObject>(
  schema: S,
  config: Record<string, unknown>,
): SettingsResult<z.output<S>> {
  const picked = Object.fromEntries(Object.keys(schema.shape).map((key) => [key, lookUp(config, key)]))
  const read = schema.safeParse(picked)
  if (read.success) return { ok: true, value: read.data }
  return {
    ok: false,
    problems: read.error.issues.map((issue) => ({
      key: String(issue.path[0] ?? '(settings)'),
      message: issue.message,
    })),
  }
}

/** Reads the settings or refuses them by name. */
export function requireSettings<S extends z.ZodObject>(schema: S, config: Record<string, unknown>): z.output<S> {
  const read = readSettings(schema, config)
  if (read.ok) return read.value
  const list = read.problems.map(({ key, message }) => `"${key}": ${message}`).join('; ')
  throw new AdapterError(
    'invalid_config',
    `The agent's configuration cannot be used. ${list}. Correct it in the agent's settings.`,
  )
}
