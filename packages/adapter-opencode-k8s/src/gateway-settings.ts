import { isRecord } from './loose-record.ts'
import type { OpencodeSettings } from './opencode-settings.ts'

type Json = Record<string, unknown>

/**
 * The user's providers and small model: those of the agent's settings, else those that `PAPERCLIP_OPENCODE_PROVIDERS` and
 * `PAPERCLIP_OPENCODE_SMALL_MODEL` name for all agents, as Paperclip's own OpenCode adapter reads them.
 */
export function gatewaySettings(
  { providerOptions, smallModel }: Pick<OpencodeSettings, 'providerOptions' | 'smallModel'>,
  env: Readonly<Record<string, string | null>>,
): { providers: Json; smallModel: string | undefined; warnings: string[] } {
  const { PAPERCLIP_OPENCODE_PROVIDERS: raw, PAPERCLIP_OPENCODE_SMALL_MODEL: small } = env
  const forAll = readProviders(raw)
  return {
    providers: { ...forAll.providers, ...providerOptions },
    smallModel: smallModel ?? (small?.trim() || undefined),
    warnings: forAll.warnings,
  }
}

function readProviders(raw: string | null | undefined): { providers: Json; warnings: string[] } {
  const unread = (why: string) => ({
    providers: {},
    warnings: [`PAPERCLIP_OPENCODE_PROVIDERS ${why}; its providers are left out. "providerOptions" takes the same.`],
  })
  if (raw === null) return unread('comes from a Secret or ConfigMap and cannot be read here')
  if (raw === undefined || raw.trim() === '') return { providers: {}, warnings: [] }
  let value: unknown
  try {
    value = JSON.parse(raw)
  } catch {
    // The parser's message would quote the value, which may contain a key.
    return unread('is not valid JSON')
  }
  if (!isRecord(value) || !Object.values(value).every(isRecord)) return unread('is not an object of objects')
  return { providers: value, warnings: [] }
}
