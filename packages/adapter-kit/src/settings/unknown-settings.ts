import type { z } from 'zod'
import { isBlank, isRecord } from './loose-text.ts'
import { nearestName } from './nearest-name.ts'

/** A key of an agent's configuration that no setting reads. */
export interface UnknownSetting {
  key: string
  nearest: string | null
}

// What Paperclip puts into every adapter's configuration (docs/paperclip-facts.md).
const paperclipKeys = new Set([
  'args',
  'chrome',
  'command',
  'effort',
  'instructionsEntryFile',
  'paperclipConnectorSkillDigest',
  'paperclipRuntimeSkills',
  'paperclipSkillSync',
  'paperclipSkills',
  'provider',
  'thinkingEffort',
  'variant',
  'workspaceRuntime',
  'workspaceStrategy',
])

/** Settings of earlier versions, with what to do instead. */
const removed: Readonly<Record<string, string>> = {
  enableDocker: 'Add the daemon to "sidecars", which the operator must allow.',
  dockerImage: 'Add the daemon to "sidecars", which the operator must allow.',
  dockerCpuLimit: 'Add the daemon to "sidecars", which the operator must allow.',
  dockerMemoryLimit: 'Add the daemon to "sidecars", which the operator must allow.',
}

/** The most keys that are reported; a configuration with more unknown keys is not a typo. */
const mostNamed = 20

function leaves(config: Record<string, unknown>, parents: ReadonlySet<string>, prefix = ''): string[] {
  return Object.entries(config).flatMap(([name, value]) => {
    const key = `${prefix}${name}`
    if (parents.has(key) && isRecord(value)) return leaves(value, parents, `${key}.`)
    return isBlank(value) ? [] : [key]
  })
}

/** Names every key that has no effect, with the setting that was most likely meant. */
export function unknownSettings(schema: z.ZodObject, config: Record<string, unknown>): UnknownSetting[] {
  const known = new Set(Object.keys(schema.shape))
  const parents = new Set(
    [...known].flatMap((key) => key.split('.').map((_, depth, parts) => parts.slice(0, depth).join('.'))),
  )
  return leaves(config, parents)
    .filter((key) => !known.has(key) && !paperclipKeys.has(key))
    .slice(0, mostNamed)
    .map((key) => ({ key: key.slice(0, 100), nearest: nearestName(key, known) }))
}

/** One sentence about a key that has no effect. */
export function unknownSettingMessage({ key, nearest }: UnknownSetting): string {
  const instead = removed[key]
  if (instead !== undefined) return `Setting "${key}" was removed and has no effect. ${instead}`
  const meant = nearest === null ? '' : ` Did you mean "${nearest}"?`
  return `Unknown setting "${key}" has no effect.${meant}`
}
