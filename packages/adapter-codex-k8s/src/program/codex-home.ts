import { createHash, randomUUID } from 'node:crypto'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { expandConfig } from './expand-config.ts'

/** What a CODEX_HOME in the pod is made of. Its own files lie in the pod; sessions and login may lie on the volume. */
export interface HomePlan {
  home: string
  /** Folder of the rollout files. */
  sessions: string
  /** File with the configuration, in which variables are still to be replaced. */
  configTemplate: string
  /** Folder of skills, one folder each; null for none. */
  skills: string | null
  /** File of instructions; null for none. */
  instructions: string | null
  /** File of the ChatGPT login or key that Codex itself reads and rewrites. */
  login: string
  /** File with the login of the agent's settings; null for none. */
  loginSeed: string | null
}

/**
 * Makes the home: the configuration, links where Codex looks for things, and a login from the settings where the volume
 * has none of it. Returns the names of unset variables in the configuration.
 */
export function makeHome(plan: HomePlan, env: Readonly<Record<string, string | undefined>>): string[] {
  mkdirSync(plan.home, { recursive: true, mode: 0o700 })
  mkdirSync(plan.sessions, { recursive: true, mode: 0o700 })
  const { config, missing } = expandConfig(readFileSync(plan.configTemplate, 'utf8'), env)
  writeFileSync(join(plan.home, 'config.toml'), config, { mode: 0o600 })
  link(plan.sessions, join(plan.home, 'sessions'))
  if (plan.instructions !== null) link(plan.instructions, join(plan.home, 'AGENTS.md'))
  if (plan.skills !== null) linkSkills(plan.skills, join(plan.home, 'skills'))
  if (plan.loginSeed !== null) seedLogin(plan.login, plan.loginSeed)
  // Codex refreshes a login in place, through the link, and locks a file beside the target.
  if (existsSync(plan.login)) link(plan.login, join(plan.home, 'auth.json'))
  return missing
}

function link(target: string, path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false }) !== undefined) rmSync(path, { recursive: true, force: true })
  symlinkSync(target, path)
}

function linkSkills(from: string, to: string): void {
  if (!existsSync(from)) return
  mkdirSync(to, { recursive: true })
  for (const name of readdirSync(from)) link(join(from, name), join(to, name))
}

/**
 * Writes the login of the settings. Its refresh token works once, so the login that Codex refreshed stays until the
 * settings change; a file next to it records which settings it came from.
 */
function seedLogin(login: string, seedFile: string): void {
  const seed = readFileSync(seedFile, 'utf8')
  const mark = `${login}.from`
  const digest = createHash('sha256').update(seed).digest('hex')
  if (existsSync(login) && existsSync(mark) && readFileSync(mark, 'utf8').trim() === digest) return
  mkdirSync(dirname(login), { recursive: true, mode: 0o700 })
  replaceFile(login, seed)
  replaceFile(mark, `${digest}\n`)
}

function replaceFile(path: string, content: string): void {
  const draft = `${path}.${randomUUID()}.draft`
  writeFileSync(draft, content, { mode: 0o600 })
  renameSync(draft, path)
}

/** What a login file holds. */
export type LoginKind = 'chatgpt' | 'api_key' | 'none' | 'unreadable'

/** Reads what must be known of a login file before the start: without a key, Codex would still call the API. */
export function loginKind(file: string): LoginKind {
  if (!existsSync(file)) return 'none'
  try {
    const value: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (typeof value !== 'object' || value === null) return 'unreadable'
    const login = new Map<string, unknown>(Object.entries(value))
    const tokens = login.get('tokens')
    if (typeof tokens === 'object' && tokens !== null) return 'chatgpt'
    const key = login.get('OPENAI_API_KEY')
    return typeof key === 'string' && key !== '' ? 'api_key' : 'none'
  } catch {
    return 'unreadable'
  }
}
