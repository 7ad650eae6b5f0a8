import { execFile, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { createServer, request as httpRequest } from 'node:http'
import { tmpdir, userInfo } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'

const run = promisify(execFile)

/** The scripts that start a real Paperclip; null where they are not at hand. */
export const paperclipScripts: string | null = (() => {
  const folder = fileURLToPath(new URL('../../../../../shared/paperclip', import.meta.url))
  return existsSync(join(folder, 'paperclip-up.mjs')) ? folder : null
})()

/** Where the server is installed; kept between runs of the tests, since it is 1.6 GB. */
const installFolder = process.env['AGENT_JOBS_PAPERCLIP_DIR'] ?? join(tmpdir(), 'agent-jobs-paperclip')

/** One JSON answer. */
export interface ApiAnswer {
  status: number
  json: unknown
}

/** A running server. */
export interface PaperclipServer {
  url: string
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
  // The server inherits nothing of ours, so "exit" comes when the starter is done.
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', resolve)
  })
  if (code !== 0) throw new Error(`paperclip-up ended with ${code}: ${stderr}`)
  return stdout
}

/** The database of a server that was killed outlives it, and its successor's end, too. */
async function stopDatabase(pidFile: string): Promise<void> {
  const pid = existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').split('\n')[0]) : 0
  if (!(pid > 1) || !existsSync(`/proc/${pid}`)) return
  process.kill(pid, 'SIGINT')
  await eventually(async () => (existsSync(`/proc/${pid}`) ? null : true), 'the end of the database', 15_000)
}

/** Starts the server with the cluster's data volume at /paperclip, as its pod would have it. */
export async function startPaperclip(options: {
  scripts: string
  volume: string
  namespace: string
  env?: Record<string, string>
}): Promise<PaperclipServer> {
  const script = join(options.scripts, 'paperclip-up.mjs')
  const { stdout: user } = await run('id', ['-nu', '1000'])
  mkdirSync(installFolder, { recursive: true })
  const args = [
    script,
    '--dir',
    installFolder,
    '--hostname',
    'paperclip-0',
    '--user',
    user.trim() || userInfo().username,
    '--tick-ms',
    '2000',
  ]
  const env = { PAPERCLIP_HOME: '/paperclip', PAPERCLIP_NAMESPACE: options.namespace, ...options.env }
  const output = await mountedSpawn(options.volume, env, args)
  const { url } = JSON.parse(output.trim().split('\n').at(-1) ?? '{}') as { url: string }
  return {
    url,
    async call(method, path, body, headers = {}) {
      const response = await fetch(url + path, {
        method,
        headers: { 'content-type': 'application/json', connection: 'close', ...headers },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      try {
        return { status: response.status, json: JSON.parse(text) as unknown }
      } catch (error) {
        if (error instanceof SyntaxError) return { status: response.status, json: text }
        throw error
      }
    },
    async stop(how) {
      await run(process.execPath, [script, '--dir', installFolder, how === 'SIGKILL' ? '--kill9' : '--stop'])
      if (how === 'SIGTERM') await stopDatabase(join(options.volume, 'instances', 'default', 'db', 'postmaster.pid'))
    },
  }
}

/** Makes the server, which listens on loopback only, reachable for pods. */
export async function exposeToPods(
  target: () => string,
  address: string,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((incoming, outgoing) => {
    const to = new URL(target())
    const forward = httpRequest(
      {
        host: to.hostname,
        port: to.port,
        method: incoming.method,
        path: incoming.url,
        headers: { ...incoming.headers, host: to.host },
      },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers)
        answer.pipe(outgoing)
      },
    )
    forward.once('error', (error) => {
      outgoing.writeHead(502).end(error.message)
    })
    incoming.pipe(forward)
  })
  await new Promise<void>((resolve) => {
    server.listen(0, address, resolve)
  })
  const found = server.address()
  if (found === null || typeof found === 'string') throw new Error('the forwarder has no port')
  return {
    url: `http://${address}:${found.port}`,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}

/** Asks again and again until there is an answer; Paperclip has no way to be waited on. */
export async function eventually<T>(ask: () => Promise<T | null>, what: string, timeoutMs = 90_000): Promise<T> {
  const until = Date.now() + timeoutMs
  for (;;) {
    const found = await ask()
    if (found !== null) return found
    if (Date.now() > until) throw new Error(`${what} did not come within ${timeoutMs} ms`)
    await delay(200)
  }
}
