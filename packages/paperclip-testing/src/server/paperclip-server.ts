import { execFile, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, realpathSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { apiCall, type ApiAnswer } from './api-call.ts'
import { eventually } from '../eventually.ts'
import { labPolicy } from '../lab-policy.ts'
import { paperclipPrograms, serverFolder } from './paperclip-install.ts'

const run = promisify(execFile)

/** A running server. */
export interface PaperclipServer {
  url: string
  /** Calls its API as the operator, or as the user in `headers`. */
  call(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>
  stop(how: 'SIGTERM' | 'SIGKILL'): Promise<void>
}

/** Which server: its name is that of its folder and of its instance, and is used again when it restarts. */
interface ServerOptions {
  name: string
  /** Folder of the data volume on this machine. */
  volume: string
}

interface StartOptions extends ServerOptions {
  namespace: string
  /** The operator policy. Default: {@link labPolicy}. */
  policy?: object | undefined
}

const isAlive = (pid: number) => pid > 1 && existsSync(`/proc/${pid}`)
const gone = (pid: number, what: string) =>
  eventually(async () => (isAlive(pid) ? null : true), `the end of ${what}`, 60_000)

/** Ends the database of a volume's earlier server: it outlives a kill, and an interrupted test leaves both. */
async function stopDatabase({ volume, name }: ServerOptions): Promise<void> {
  const pidFile = join(volume, 'instances', name, 'db', 'postmaster.pid')
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').split('\n')[0]) : 0
  if (!isAlive(pid) || !readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('postgres')) return
  process.kill(pid, 'SIGINT')
  await gone(pid, 'the database')
}

/** Ends a server that an interrupted test left behind, and its database. */
export async function stopLeftServer(options: ServerOptions): Promise<void> {
  const file = join(await serverFolder(options.name), 'server.pid')
  const pid = existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0
  if (isAlive(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('@paperclipai/server')) {
    process.kill(pid, 'SIGKILL')
    await gone(pid, 'the server')
  }
  await stopDatabase(options)
}

/** A port that is free now; the server takes a moment to open it. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** The secret of the agents' tokens; one that survives restarts, as that of a deployed server. */
function tokenSecret(folder: string): string {
  const file = join(folder, 'token-secret')
  if (!existsSync(file)) writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600 })
  return readFileSync(file, 'utf8')
}

/** Environment of a server that trusts everyone on loopback, and that sees itself as the pod `paperclip-0`. */
async function serverEnv({ name, namespace, policy }: StartOptions, folder: string, port: number) {
  const home = join(folder, 'home')
  // Postgres needs a name for the user.
  const { stdout: user } = await run('id', ['-nu', '1000'])
  const given = Object.entries(process.env).filter(([variable]) => variable.startsWith('PAPERCLIP_'))
  return {
    PATH: `${dirname(paperclipPrograms.node)}:${process.env['PATH']}`,
    HOME: home,
    TMPDIR: join(home, 'tmp'),
    USER: user.trim(),
    LANG: 'C.UTF-8',
    HOSTNAME: 'paperclip-0',
    HOST: '127.0.0.1',
    PORT: String(port),
    SERVE_UI: 'true',
    HEARTBEAT_SCHEDULER_INTERVAL_MS: '2000',
    DO_NOT_TRACK: '1',
    PAPERCLIP_TELEMETRY_DISABLED: '1',
    PAPERCLIP_ANNOUNCEMENTS_ENABLED: 'false',
    PAPERCLIP_BIND: 'loopback',
    PAPERCLIP_DEPLOYMENT_MODE: 'local_trusted',
    PAPERCLIP_MIGRATION_AUTO_APPLY: 'true',
    PAPERCLIP_MIGRATION_PROMPT: 'never',
    PAPERCLIP_DB_BACKUP_ENABLED: 'false',
    PAPERCLIP_AGENT_JWT_SECRET: tokenSecret(folder),
    PAPERCLIP_HOME: '/paperclip',
    // Servers whose databases have the same path, even on different mounts, mistake them for each other.
    PAPERCLIP_INSTANCE_ID: name,
    PAPERCLIP_NAMESPACE: namespace,
    AGENT_JOBS_POLICY: policy === undefined ? labPolicy : JSON.stringify(policy),
    ...Object.fromEntries(given),
  }
}

/** Starts a program as user 1000 with a folder mounted at /paperclip, as its pod would have it. It outlives this process. */
function spawnMounted(
  volume: string,
  argv: readonly string[],
  options: { cwd: string; log: string; env: object },
): number {
  mkdirSync('/paperclip', { recursive: true })
  const script =
    'volume=$1; shift; mount --bind "$volume" /paperclip && umask 0 && exec setpriv --reuid=1000 --regid=1000 --clear-groups "$@"'
  const log = openSync(options.log, 'a')
  try {
    const child = spawn('unshare', ['-m', 'sh', '-c', script, 'sh', volume, ...argv], {
      cwd: options.cwd,
      env: { ...options.env },
      detached: true,
      stdio: ['ignore', log, log],
    })
    child.unref()
    if (child.pid === undefined) throw new Error('unshare could not be started')
    return child.pid
  } finally {
    closeSync(log)
  }
}

/** Starts the server with the cluster's data volume at /paperclip. */
export async function startPaperclip(options: StartOptions): Promise<PaperclipServer> {
  const folder = await serverFolder(options.name)
  const port = await freePort()
  const log = join(folder, 'server.log')
  const argv = [paperclipPrograms.node, realpathSync(paperclipPrograms.server)]
  const env = await serverEnv(options, folder, port)
  const pid = spawnMounted(options.volume, argv, { cwd: join(folder, 'home'), log, env })
  writeFileSync(join(folder, 'server.pid'), String(pid))
  const url = `http://127.0.0.1:${port}`
  await eventually(async () => {
    if (!isAlive(pid)) throw new Error(`the server ended: ${readFileSync(log, 'utf8').slice(-4_000)}`)
    return (await isReady(url)) ? true : null
  }, 'a healthy server')
  return {
    url,
    call: (method, path, body, headers) => apiCall(url, method, path, body, headers),
    async stop(how) {
      if (isAlive(pid)) process.kill(pid, how)
      await gone(pid, 'the server')
      if (how === 'SIGTERM') await stopDatabase(options)
    },
  }
}

/** Whether the server is up and has recovered the runs of its earlier life. */
async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/api/health`, { signal: AbortSignal.timeout(5_000) })
    const health = (await answer.json()) as {
      status?: string
      startupRecovery?: string | { phase?: string; status?: string }
    }
    const recovery = health.startupRecovery
    const phase = typeof recovery === 'object' ? (recovery.phase ?? recovery.status) : recovery
    return answer.ok && health.status === 'ok' && (phase === undefined || phase === 'ready')
  } catch (error) {
    // Not listening yet.
    if (error instanceof TypeError || (error instanceof Error && error.name === 'TimeoutError')) return false
    throw error
  }
}
