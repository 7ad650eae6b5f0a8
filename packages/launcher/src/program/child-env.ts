type Env = Record<string, string | undefined>

// Shells set these themselves; what the container had (or had not) is put back for the command.
const shellNames = ['PWD', 'OLDPWD', 'SHLVL', '_']
const memo = 'AGENT_JOBS_ENV'

/**
 * Adds what a shell would lose between itself and its children: dash and busybox drop variables whose names are not
 * identifiers (Kubernetes allows `a.b-c`), and every shell sets some of its own.
 */
export function hiddenVariables(env: Env): Record<string, string> {
  const kept: Record<string, string | null> = {}
  for (const name of shellNames) kept[name] = env[name] ?? null
  for (const [name, value] of Object.entries(env)) {
    if (!/^[A-Za-z_]\w*$/.test(name) && value !== undefined) kept[name] = value
  }
  return { ...(env as Record<string, string>), [memo]: JSON.stringify(kept) }
}

/** The environment of the command: the container's, as it was, less our own variables, with the changes asked for. */
export function childEnv(env: Env, set: Record<string, string> = {}, unset: string[] = []): Record<string, string> {
  const kept = JSON.parse(env[memo] ?? '{}') as Record<string, string | null>
  const dropped = new Set(unset)
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries({ ...env, ...kept })) {
    if (typeof value === 'string' && !name.startsWith('AGENT_JOBS_') && !dropped.has(name)) result[name] = value
  }
  return Object.assign(result, set)
}
