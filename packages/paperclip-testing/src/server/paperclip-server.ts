import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { apiCall, type ApiAnswer } from './api-call.ts'
import { eventually } from '../eventually.ts'
import { labPolicy } from '../lab-policy.ts'
import { serverFolder } from './paperclip-install.ts'

const run = promisify(execFile)

/** A running server. */
export interface PaperclipServer {
  url: string
  /** Calls its API as the operator, or as the user in `headers`. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>
  stop(how: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

async function mountedSpawn(folder: string, env: Record<string, string>, args: string[]): Promise<string> {
  mkdirSync('/paperclip', { recursive: true })
  const command = 'mount --bind "$AGENT_JOBS_FOLDER" /paperclip && umask 0 && exec "$@"'
  const child = spawn('unshare', ['-m', 'sh', '-c', command, 'sh', process.execPath, ...args], {
    env: { ...process.env, ...env, AGENT_JOBS_FOLDER: folder },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let stdout = ''
  let stderr = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    stderr = (stderr + chunk).slice(-8000)
  })
  // The server inherits none of our streams, so "exit" is emitted when the starter is done.
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (code !== 0) throw new Error(`paperclip-up ended with ${code}: ${stderr}`)
  return stdout
}

const isAlive = (pid: number) => pid > 1 && existsSync(`/proc/${pid}`)

/** Ends the database of a volume's earlier server: it outlives a kill, and an interrupted test leaves both. */
async function stopDatabase({ volume, name }: { volume: string; name: string }): Promise<void> {
  const pidFile = join(volume, 'instances', name, 'db', 'postmaster.pid')
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').split('\n')[0]) : 0
  if (!isAlive(pid) || !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres')) return
  process.kill(pid, 'SIGINT')
  await eventually(async () => (isAlive(pid) ? null : true), 'the end of the database', 15_000)
}

/** Ends a server that an interrupted test left behind, and its database. */
export async function stopLeftServer(options: { scripts: string; name: string; volume: string }): Promise<void> {
  const folder = await serverFolder(join(options.scripts, 'paperclip-up.mjs'), options.name)
  const state = join(folder, 'server.json')
  const { pid } = existsSync(state) ? (JSON.parse(readFileSync(state, 'utf8')) as { pid: number }) : { pid: 0 }
  if (isAlive(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('@paperclipai/server')) {
    process.kill(pid, 'SIGKILL')
    await eventually(async () => (isAlive(pid) ? null : true), 'the end of the server', 15_000)
  }
  await stopDatabase(options)
}

/** Starts the server with the cluster's data volume at /paperclip, as its pod would have it. */
export async function startPaperclip(options: {
  scripts: string
  /** Name of the server's folder; reused when the server restarts. */
  name: string
  volume: string
  namespace: string
  env?: Record<string, string>
}): Promise<PaperclipServer> {
  const script = join(options.scripts, 'paperclip-up.mjs')
  const folder = await serverFolder(script, options.name)
  // Agents run as this user, and the server must share files with them; Postgres needs a name for it.
  const { stdout: user } = await run('id', ['-nu', '1000'])
  const place = ['--dir', folder, '--hostname', 'paperclip-0', '--user', user.trim()]
  const env = {
    PAPERCLIP_HOME: '/paperclip',
    // Servers whose databases have the same path, even on different mounts, mistake them for each other.
    PAPERCLIP_INSTANCE_ID: options.name,
    PAPERCLIP_NAMESPACE: options.namespace,
    // The starter passes on only variables with this prefix.
    PAPERCLIP_AGENT_JOBS_POLICY: labPolicy,
    ...options.env,
  }
  const args = [script, ...place, '--port', '0', '--tick-ms', '2000']
  const output = await mountedSpawn(options.volume, env, args)
  const { url } = JSON.parse(output.trim().split('\n').at(-1) ?? '{}') as { url: string }
  return {
    url,
    call: (method, path, body, headers) => apiCall(url, method, path, body, headers),
    async stop(how) {
      await run(process.execPath, [script, '--dir', folder, how === 'SIGKILL' ? '--kill9' : '--stop'])
      if (how === 'SIGTERM') await stopDatabase(options)
    },
  }
}
