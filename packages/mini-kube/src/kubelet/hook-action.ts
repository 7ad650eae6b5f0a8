import { spawn } from 'node:child_process'
import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import { connect } from 'node:net'
import type { Container, Hook } from '../types.ts'
import type { ContainerPlan } from './container-runtime.ts'
import { markerVariable, sendSignal } from './process-tree.ts'

/** Where an action of a probe or a hook takes place. */
export interface ActionPlace {
  container: Container
  /** How the container was started; a command runs in the same surroundings. */
  plan: ContainerPlan
  /** Replaces mount paths in a command. */
  rewrite: (text: string) => string
  podIP: string
  timeoutMs: number
  signal: AbortSignal
}

/** The result of an action; `output` is the text for its Event. */
export interface ActionResult {
  ok: boolean
  output: string
}

/** Limit of a command's output, as in a real kubelet. */
const outputLimit = 10 * 1024

/** Runs the action of a probe or a hook. */
export function runAction(action: Hook, place: ActionPlace): Promise<ActionResult> {
  if (action.exec !== undefined) return runCommand(action.exec.command ?? [], place)
  if (action.httpGet !== undefined) return fetchPath(action.httpGet, place)
  if (action.tcpSocket !== undefined) return openSocket(action.tcpSocket, place)
  return Promise.resolve({ ok: false, output: 'mini-kube knows no such action' })
}

function runCommand(command: string[], { plan, rewrite, timeoutMs, signal }: ActionPlace): Promise<ActionResult> {
  const [program = '', ...args] = command.map(rewrite)
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      cwd: plan.cwd,
      env: { ...plan.env, [markerVariable]: plan.id },
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(plan.uid === undefined ? {} : { uid: plan.uid, gid: plan.gid ?? plan.uid }),
    })
    let output = ''
    const keep = (chunk: Buffer) => {
      if (output.length < outputLimit) output += chunk.toString('utf8')
    }
    const end = () => {
      if (child.pid !== undefined) sendSignal(-child.pid, 'SIGKILL')
    }
    let late = false
    const timer = setTimeout(() => {
      late = true
      end()
    }, timeoutMs)
    const finish = (result: ActionResult) => {
      clearTimeout(timer)
      signal.removeEventListener('abort', end)
      resolve(result)
    }
    signal.addEventListener('abort', end, { once: true })
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    child.once('error', (error) => finish({ ok: false, output: error.message }))
    child.once('close', (code) => {
      const after = `command timed out: ${JSON.stringify(command.join(' '))} timed out after ${timeoutMs / 1_000}s`
      finish(late ? { ok: false, output: after } : { ok: code === 0, output })
    })
  })
}

function portOf({ ports = [] }: Container, port: number | string): number {
  if (typeof port === 'number') return port
  return ports.find(({ name }) => name === port)?.containerPort ?? Number(port)
}

const refused = (host: string, port: number, { code, message }: NodeJS.ErrnoException) =>
  `dial tcp ${host}:${port}: connect: ${code === 'ECONNREFUSED' ? 'connection refused' : message}`

function fetchPath(
  { host, port, path = '/', scheme = 'HTTP', httpHeaders = [] }: NonNullable<Hook['httpGet']>,
  { container, podIP, timeoutMs, signal }: ActionPlace,
): Promise<ActionResult> {
  const to = host || podIP
  const number = portOf(container, port)
  const url = `${scheme.toLowerCase()}://${to}:${number}${path.startsWith('/') ? '' : '/'}${path}`
  const headers = Object.fromEntries(httpHeaders.map(({ name, value }) => [name, value]))
  const failed = (why: string) => ({ ok: false, output: `Get ${JSON.stringify(url)}: ${why}` })
  return new Promise((resolve) => {
    // A probe trusts any certificate, as the kubelet does.
    const make = scheme === 'HTTPS' ? httpsRequest : httpRequest
    const request = make(url, { headers, signal, agent: false, rejectUnauthorized: false }, (response) => {
      const { statusCode = 0 } = response
      response.resume()
      const ok = statusCode >= 200 && statusCode < 400
      resolve({ ok, output: ok ? '' : `HTTP probe failed with statuscode: ${statusCode}` })
    })
    request.setTimeout(timeoutMs, () => {
      resolve(failed('context deadline exceeded (Client.Timeout exceeded while awaiting headers)'))
      request.destroy()
    })
    request.once('error', (error) => resolve(failed(refused(to, number, error))))
    request.end()
  })
}

function openSocket(
  { host, port }: NonNullable<Hook['tcpSocket']>,
  { container, podIP, timeoutMs, signal }: ActionPlace,
): Promise<ActionResult> {
  const to = host || podIP
  const number = portOf(container, port)
  return new Promise((resolve) => {
    const socket = connect({ host: to, port: number, timeout: timeoutMs, signal })
    const finish = (result: ActionResult) => {
      resolve(result)
      socket.destroy()
    }
    socket.once('connect', () => finish({ ok: true, output: '' }))
    socket.once('timeout', () => finish({ ok: false, output: `dial tcp ${to}:${number}: i/o timeout` }))
    socket.once('error', (error) => finish({ ok: false, output: refused(to, number, error) }))
  })
}
