import { isRecord } from '../settings/loose-text.ts'
import { lookUp } from '../settings/read-settings.ts'

function textsIn(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  if (Array.isArray(value)) return value.flatMap(textsIn)
  return isRecord(value) ? Object.values(value).flatMap(textsIn) : []
}

/**
 * Every value of an agent's configuration that Paperclip read from one of its secrets, whatever its key. Paperclip
 * lists their places in the run's context (docs/paperclip-facts.md#secrets).
 */
export function resolvedSecrets(context: Readonly<Record<string, unknown>>, config: Record<string, unknown>): string[] {
  const secrets = context['paperclipSecrets']
  const manifest: unknown = isRecord(secrets) ? secrets['manifest'] : undefined
  if (!Array.isArray(manifest)) return []
  const env = isRecord(config['env']) ? config['env'] : {}
  return manifest.flatMap((entry: unknown) => {
    const path = isRecord(entry) ? entry['configPath'] : undefined
    if (typeof path !== 'string') return []
    return textsIn(path.startsWith('env.') ? env[path.slice('env.'.length)] : lookUp(config, path))
  })
}
