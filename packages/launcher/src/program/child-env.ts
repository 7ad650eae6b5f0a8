import { readFileSync } from 'node:fs'
import { initMarker } from '../init-script.ts'

type Env = Record<string, string | undefined>

// Every shell sets these itself.
const shellNames = new Set(['PWD', 'OLDPWD', 'SHLVL', '_'])

const environmentOfParent = (): string => readFileSync(`/proc/${process.ppid}/environ`, 'utf8')

/**
 * The container's environment before the shell changed it: dash and busybox drop variables whose names are not
 * identifiers (Kubernetes allows `a.b-c`), and every shell sets some of its own. The kernel still has the environment
 * that the shell was given.
 */
export function containerEnv(env: Env, read: () => string = environmentOfParent): Env {
  if (env[initMarker] === undefined) return env
  const found: Env = {}
  try {
    for (const entry of read().split('\0')) {
      const equals = entry.indexOf('=')
      if (equals > 0) found[entry.slice(0, equals)] = entry.slice(equals + 1)
    }
    return found
  } catch {
    // This file does not exist outside Linux, where the launcher runs for tests only.
    return Object.fromEntries(Object.entries(env).filter(([name]) => !shellNames.has(name)))
  }
}

// What a container has whose image sets none.
const usualPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

/** The same environment, with directories that are searched for programs before all others. */
export function withPath(env: Record<string, string>, first: readonly string[] = []): Record<string, string> {
  return first.length === 0 ? env : { ...env, PATH: [...first, env['PATH'] || usualPath].join(':') }
}

/** The environment of the command: the container's, without our own variables, with the requested changes. */
export function childEnv(env: Env, set: Record<string, string> = {}, unset: string[] = []): Record<string, string> {
  const dropped = new Set(unset)
  const result: Record<string, string> = {}
  for (const [name, value] of Object.entries(env)) {
    if (typeof value === 'string' && !name.startsWith('AGENT_JOBS_') && !dropped.has(name)) result[name] = value
  }
  return Object.assign(result, set)
}
