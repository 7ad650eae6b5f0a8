import { systemErrorCode } from '@agent-jobs/primitives'
import { spawn, type ChildProcess } from 'node:child_process'

import type { ExecPlugin, KubeCluster } from '../kubeconfig/kube-config.ts'
import { CredentialProblem } from './credential-problem.ts'

/** What a plugin printed. */
export interface ExecCredential {
  readonly token: string | undefined
  /** PEM. */
  readonly cert: string | undefined
  readonly key: string | undefined
  /** Milliseconds since the epoch; undefined if not stated. */
  readonly expiresAt: number | undefined
}

/** Input of a plugin. */
export interface ExecOptions {
  readonly cluster: KubeCluster
  /** PEM of the cluster's authority, for plugins that ask for the cluster. */
  readonly authority: string | undefined
  readonly signal: AbortSignal
}

const apiVersions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']
const interactiveModes = ['Never', 'IfAvailable', 'Always']
const maxOutputBytes = 1_048_576
const maxComplaint = 500

function refuseUnsupported({ command, apiVersion, interactiveMode = 'IfAvailable' }: ExecPlugin): void {
  if (apiVersion === undefined || !apiVersions.includes(apiVersion)) {
    throw new CredentialProblem(
      `exec plugin ${command}: \`apiVersion\` ${JSON.stringify(apiVersion ?? '')} is not supported. Use ${apiVersions.join(' or ')}`,
    )
  }
  if (!interactiveModes.includes(interactiveMode)) {
    throw new CredentialProblem(
      `exec plugin ${command}: \`interactiveMode\` must be one of ${interactiveModes.join(', ')}`,
    )
  }
  if (interactiveMode === 'Always') {
    throw new CredentialProblem(
      `exec plugin ${command} asks questions (\`interactiveMode: Always\`), but no terminal is available. Use a plugin or flags that need no terminal`,
    )
  }
}

/** The content of KUBERNETES_EXEC_INFO, as client-go writes it. */
function execInfo({ apiVersion, provideClusterInfo }: ExecPlugin, { cluster, authority }: ExecOptions): string {
  const described = {
    server: cluster.server,
    'tls-server-name': cluster.tlsServerName,
    'insecure-skip-tls-verify': cluster.skipTLSVerify || undefined,
    'certificate-authority-data': authority === undefined ? undefined : Buffer.from(authority).toString('base64'),
    'proxy-url': cluster.proxyUrl,
    config: cluster.execConfig,
  }
  const spec = { interactive: false, ...(provideClusterInfo ? { cluster: described } : {}) }
  return JSON.stringify({ kind: 'ExecCredential', apiVersion, spec })
}

const ownGroup = process.platform !== 'win32'

/** Kills a plugin and everything it started, which may hold its pipes open. */
function kill(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    if (ownGroup) process.kill(-child.pid, 'SIGKILL')
    else child.kill('SIGKILL')
  } catch (error) {
    if (systemErrorCode(error) !== 'ESRCH') throw error
  }
}

interface Finished {
  readonly stdout: string
  readonly stderr: string
  readonly exit: string | undefined
}

function start(plugin: ExecPlugin, options: ExecOptions): ChildProcess {
  const named = Object.fromEntries((plugin.env ?? []).map(({ name, value }) => [name, value]))
  return spawn(plugin.command, [...(plugin.args ?? [])], {
    // No user can answer questions here, and a plugin that reads our input would take it from its reader.
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ...named, KUBERNETES_EXEC_INFO: execInfo(plugin, options) },
    detached: ownGroup,
  })
}

/** Runs a plugin to its end, limited by its output size and the signal. */
function run(plugin: ExecPlugin, options: ExecOptions): Promise<Finished> {
  const { signal } = options
  const { promise, resolve, reject } = Promise.withResolvers<Finished>()
  if (signal.aborted) {
    reject(signal.reason)
    return promise
  }
  const child = start(plugin, options)
  let [stdout, stderr] = ['', '']
  const stop = (reason: unknown) => {
    kill(child)
    reject(reason)
  }
  const onAbort = () => {
    const said = stderr.trim() === '' ? '' : `; it printed: ${stderr.trim().slice(-maxComplaint)}`
    const reason: unknown = signal.reason
    stop(reason instanceof CredentialProblem ? new CredentialProblem(reason.message + said, { passing: true }) : reason)
  }
  signal.addEventListener('abort', onAbort, { once: true })
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
    if (stdout.length > maxOutputBytes)
      stop(new CredentialProblem(`exec plugin ${plugin.command} printed more than 1 MiB`))
  })
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr = (stderr + text).slice(-maxComplaint)
  })
  child.on('error', (cause) => reject(startProblem(plugin, cause)))
  child.on('close', (code, ended) => {
    resolve({ stdout, stderr, exit: code === 0 ? undefined : code === null ? `signal ${ended}` : `exit code ${code}` })
  })
  return promise.finally(() => signal.removeEventListener('abort', onAbort))
}

function startProblem({ command, installHint }: ExecPlugin, cause: Error): CredentialProblem {
  const code = systemErrorCode(cause)
  const hint = installHint === undefined ? '' : `. ${installHint.trim()}`
  return code === 'ENOENT'
    ? new CredentialProblem(`exec plugin ${command} is not installed${hint}`, { cause })
    : new CredentialProblem(`exec plugin ${command} cannot be started (${code})${hint}`, { cause })
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined)
const recordOf = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? { ...value } : {}

function parseOutput(stdout: string, command: string): Record<string, unknown> {
  try {
    return recordOf(JSON.parse(stdout))
  } catch (cause) {
    // The plugin's output may contain a token.
    if (cause instanceof SyntaxError) throw new CredentialProblem(`exec plugin ${command} printed no JSON`)
    throw cause
  }
}

function readCredential(stdout: string, { command, apiVersion }: ExecPlugin): ExecCredential {
  const problem = (what: string) => new CredentialProblem(`exec plugin ${command} ${what}`)
  const output = parseOutput(stdout, command)
  if (output['kind'] !== 'ExecCredential') throw problem('printed no ExecCredential')
  if (output['apiVersion'] !== apiVersion) {
    throw problem(`is configured for ${apiVersion} and printed ${JSON.stringify(output['apiVersion'] ?? null)}`)
  }
  const status = recordOf(output['status'])
  const [token, cert, key] = [status['token'], status['clientCertificateData'], status['clientKeyData']].map(textOf)
  if ((cert === undefined) !== (key === undefined)) throw problem('gave a certificate or a key, but not both')
  if (token === undefined && cert === undefined) throw problem('gave neither a token nor a certificate')
  const expires = textOf(status['expirationTimestamp'])
  const expiresAt = expires === undefined ? undefined : Date.parse(expires)
  if (Number.isNaN(expiresAt)) throw problem(`gave an invalid \`expirationTimestamp\``)
  return { token, cert, key, expiresAt }
}

/** Asks an exec plugin for a credential, by the rules of client-go. Throws a {@link CredentialProblem}. */
export async function runExecPlugin(plugin: ExecPlugin, options: ExecOptions): Promise<ExecCredential> {
  refuseUnsupported(plugin)
  const { stdout, stderr, exit } = await run(plugin, options)
  if (exit !== undefined) {
    const said = stderr.trim() === '' ? '' : `: ${stderr.trim()}`
    throw new CredentialProblem(`exec plugin ${plugin.command} failed with ${exit}${said}`, { passing: true })
  }
  return readCredential(stdout, plugin)
}
