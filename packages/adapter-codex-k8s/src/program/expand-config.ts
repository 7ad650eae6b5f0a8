/**
 * Replaces `${NAME}` in a configuration by the variable's value. Codex itself replaces nothing, and some values are known
 * in the pod only. The texts of the configuration are quoted as in JSON, so the value is escaped like that; a variable
 * that is not set is left as it is, and named.
 */
export function expandConfig(
  template: string,
  env: Readonly<Record<string, string | undefined>>,
): { config: string; missing: string[] } {
  const missing = new Set<string>()
  const config = template.replaceAll(/\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g, (whole, name: string) => {
    const value = env[name]
    if (value === undefined) {
      missing.add(name)
      return whole
    }
    return JSON.stringify(value).slice(1, -1).replaceAll('\u007f', '\\u007f')
  })
  return { config, missing: [...missing] }
}
