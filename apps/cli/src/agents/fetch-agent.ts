import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { lstat, mkdir, readdir } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { CliError } from '../errors/cli-error.ts'
import { installedAgent, type InstalledAgent } from './installed-agent.ts'

/** What fetching an agent takes. */
export interface FetchOptions {
  readonly title: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** Shows one line to a person. */
  readonly say: (line: string) => void
  /** Where to look first. Default: next to this program. */
  readonly from?: string | URL
}

// Major versions that this program was tested with; the newest release of each is used.
const majors: Readonly<Record<string, string>> = { '@anthropic-ai/claude-code': '2', 'opencode-ai': '1' }
const progressMs = 5000

/** An agent's program: next to this one, or in the cache, where npm installs it on first use. */
export async function agentOnDemand(packageName: string, options: FetchOptions): Promise<InstalledAgent> {
  const beside = findAgent(packageName, options.from)
  if (beside !== null) return beside
  const folder = cacheFolder(options.env)
  const from = pathToFileURL(join(folder, 'index.js'))
  const cached = findAgent(packageName, from)
  if (cached !== null) return cached
  await fetchAgent(packageName, folder, options)
  return installedAgent(packageName, from)
}

function findAgent(packageName: string, from?: string | URL): InstalledAgent | null {
  try {
    return from === undefined ? installedAgent(packageName) : installedAgent(packageName, from)
  } catch (cause) {
    if (CliError.isInstance(cause) && cause.code === 'agent_not_installed') return null
    throw cause
  }
}

/** `~/.cache/agent-jobs/agents`, or below XDG_CACHE_HOME. */
function cacheFolder(env: FetchOptions['env']): string {
  const base = env['XDG_CACHE_HOME'] || join(env['HOME'] ?? homedir(), '.cache')
  return join(base, 'agent-jobs', 'agents')
}

async function fetchAgent(packageName: string, folder: string, { title, env, say }: FetchOptions): Promise<void> {
  const began = Date.now()
  await mkdir(folder, { recursive: true })
  say(`  fetching  ${title} from npm into ${folder}, once; some 250 MB`)
  const wanted = `${packageName}@${majors[packageName] ?? 'latest'}`
  const args = ['install', '--prefix', folder, '--no-audit', '--no-fund', '--loglevel=error', wanted]
  const child = spawn('npm', args, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  const timer = setInterval(() => {
    // For display only: files that cannot be measured while npm moves them are left out.
    sizeOf(folder).then(
      (bytes) => say(`  fetching  ${Math.round(bytes / 1e6)} MB after ${Math.round((Date.now() - began) / 1000)} s`),
      () => undefined,
    )
  }, progressMs)
  try {
    const [[code], words] = (await Promise.all([once(child, 'close'), text(child.stderr)])) as [[number | null], string]
    if (code === 0) return
    throw new CliError(
      'agent_not_installed',
      `npm could not fetch ${wanted}: ${words.trim().slice(0, 500) || `exit code ${code}`}`,
    )
  } catch (cause) {
    if (CliError.isInstance(cause)) throw cause
    throw new CliError(
      'agent_not_installed',
      `npm is needed to fetch ${wanted}, and it could not be started. Install ${packageName} yourself, with its install script allowed.`,
      { cause },
    )
  } finally {
    clearInterval(timer)
  }
}

async function sizeOf(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true })
  const sizes = await Promise.all(
    files.filter((file) => file.isFile()).map(async (file) => (await lstat(join(file.parentPath, file.name))).size),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
