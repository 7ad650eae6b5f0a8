import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createKubeClient, kinds } from '@agent-jobs/kube-api'
import { KubeConfig } from '@kubernetes/client-node'

/** Another API server of a running cluster, which records every request. */
export interface AuditedApiServer extends AsyncDisposable {
  /** Its address, for a kubeconfig of the cluster. */
  readonly server: string
  /** Every request of a client, as `verb path`, from the API server's own log. */
  requestsOf(userAgent: string): Promise<string[]>
}

interface AuditEvent {
  auditID: string
  verb: string
  requestURI: string
  userAgent?: string
}

const policy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
`

async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

/** The command line of the cluster's API server, where its home is at hand beside the kubeconfig. */
export function apiServerCommand(kubeConfigPath: string): string | undefined {
  const path = join(dirname(kubeConfigPath), 'commands', 'kube-apiserver')
  return kubeConfigPath !== '' && existsSync(path) ? path : undefined
}

/** Starts a second API server on the same etcd. It changes nothing in the cluster: its address is not announced. */
export async function startAuditedApiServer(kubeConfigPath: string, commandPath: string): Promise<AuditedApiServer> {
  const home = await mkdtemp(join(tmpdir(), 'audited-api-server-'))
  const log = join(home, 'audit.log')
  await writeFile(join(home, 'policy.yaml'), policy)
  const port = await freePort()
  const server = `https://127.0.0.1:${port}`
  // The last of repeated flags counts.
  const flags = [
    `--secure-port=${port}`,
    '--endpoint-reconciler-type=none',
    `--audit-policy-file=${join(home, 'policy.yaml')}`,
    `--audit-log-path=${log}`,
    '--audit-log-mode=blocking-strict',
  ]
  const command = await readFile(commandPath, 'utf8')
  const child = spawn('bash', ['-c', `exec ${command} "$@"`, 'kube-apiserver', ...flags], { stdio: 'ignore' })
  const exit = once(child, 'exit')
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromFile(kubeConfigPath)
  kubeConfig.clusters = kubeConfig.clusters.map((cluster) => ({ ...cluster, server }))
  const probe = createKubeClient({ kubeConfig, requestTimeoutMs: 5000, retry: { attempts: 300, maxMs: 500 } })
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exit
    await rm(home, { recursive: true, force: true })
  }
  try {
    const died = exit.then(([code]) => {
      throw new Error(`the audited API server ended with ${code} before it served; run its command line by hand`)
    })
    await Promise.race([probe.list(kinds.Namespace, { limit: 1 }), died])
  } catch (error) {
    await stop()
    throw error
  } finally {
    await probe.close()
  }
  return {
    server,
    async requestsOf(userAgent) {
      // A watch has an event when it begins and one when it ends: one request.
      const found = new Map<string, string>()
      for (const line of (await readFile(log, 'utf8')).split('\n')) {
        if (!line.includes(userAgent)) continue
        const event = JSON.parse(line) as AuditEvent
        if (event.userAgent === userAgent) {
          found.set(event.auditID, `${event.verb} ${event.requestURI.replace(/\?.*/, '')}`)
        }
      }
      return [...found.values()]
    },
    [Symbol.asyncDispose]: stop,
  }
}
