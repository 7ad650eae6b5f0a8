import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KubeConfig } from '@kubernetes/client-node'

/** A separate etcd and kube-apiserver, to be killed and restarted. */
export interface OwnApiServer extends AsyncDisposable {
  readonly kubeConfig: KubeConfig
  stop(what: 'etcd' | 'apiserver', signal?: NodeJS.Signals): Promise<void>
  start(what: 'etcd' | 'apiserver'): void
  signal(what: 'etcd' | 'apiserver', signal: NodeJS.Signals): void
  /** Saves the data of a stopped etcd, or restores what was saved. */
  keepData(): void
  restoreData(): void
  /** Compacts every state before this version, as the API server has etcd do every five minutes. */
  compact(resourceVersion: string): Promise<void>
}

async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer()
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return server
    }),
  )
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))))
  return ports
}

/** `binary` has etcd and kube-apiserver as subcommands. */
export async function startOwnApiServer(binary: string): Promise<OwnApiServer> {
  const home = mkdtempSync(join(tmpdir(), 'kube-api-server-'))
  const [port, client, peer] = await freePorts(3)
  const file = (name: string) => join(home, name)
  const tool = 'openssl'
  const openssl = (...args: string[]) => execFileSync(tool, args, { cwd: home, stdio: 'ignore' })
  openssl('genrsa', '-out', 'sa.key', '2048')
  openssl('rsa', '-in', 'sa.key', '-pubout', '-out', 'sa.pub')
  const subject = ['-subj', '/CN=ca', '-addext', 'subjectAltName=IP:127.0.0.1']
  openssl(
    'req',
    '-x509',
    '-newkey',
    'rsa:2048',
    '-nodes',
    '-days',
    '2',
    ...subject,
    '-keyout',
    'tls.key',
    '-out',
    'tls.crt',
  )
  writeFileSync(file('tokens.csv'), 'admin-token,admin,admin,system:masters\n')

  const flags = (values: Record<string, string>) => Object.entries(values).map(([key, value]) => `--${key}=${value}`)
  const commands = {
    etcd: flags({
      name: 'one',
      'data-dir': file('etcd'),
      'listen-client-urls': `http://127.0.0.1:${client}`,
      'advertise-client-urls': `http://127.0.0.1:${client}`,
      'listen-peer-urls': `http://127.0.0.1:${peer}`,
      'initial-advertise-peer-urls': `http://127.0.0.1:${peer}`,
      'initial-cluster': `one=http://127.0.0.1:${peer}`,
      'unsafe-no-fsync': 'true',
    }),
    apiserver: flags({
      'etcd-servers': `http://127.0.0.1:${client}`,
      'secure-port': String(port),
      'bind-address': '127.0.0.1',
      'advertise-address': '127.0.0.1',
      'cert-dir': home,
      'tls-cert-file': file('tls.crt'),
      'tls-private-key-file': file('tls.key'),
      'token-auth-file': file('tokens.csv'),
      'authorization-mode': 'RBAC',
      'service-account-issuer': 'https://kubernetes.default.svc',
      'service-account-key-file': file('sa.pub'),
      'service-account-signing-key-file': file('sa.key'),
      'service-cluster-ip-range': '10.97.0.0/16',
    }),
  }
  const running = new Map<'etcd' | 'apiserver', ChildProcess>()

  function start(what: 'etcd' | 'apiserver'): void {
    const log = openSync(file(`${what}.log`), 'a')
    const program = what === 'etcd' ? 'etcd' : 'kube-apiserver'
    running.set(what, spawn(binary, [program, ...commands[what]], { stdio: ['ignore', log, log] }))
  }
  async function stop(what: 'etcd' | 'apiserver', signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = running.get(what)
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }

  start('etcd')
  start('apiserver')
  const kubeConfig = new KubeConfig()
  kubeConfig.loadFromClusterAndUser(
    { name: 'own', server: `https://127.0.0.1:${port}`, caFile: file('tls.crt'), skipTLSVerify: false },
    { name: 'admin', token: 'admin-token' },
  )
  return {
    kubeConfig,
    start,
    stop,
    signal: (what, signal) => running.get(what)?.kill(signal),
    keepData: () => cpSync(file('etcd'), file('kept'), { recursive: true }),
    restoreData() {
      rmSync(file('etcd'), { recursive: true })
      cpSync(file('kept'), file('etcd'), { recursive: true })
    },
    async compact(resourceVersion) {
      const response = await fetch(`http://127.0.0.1:${client}/v3/kv/compaction`, {
        method: 'POST',
        body: JSON.stringify({ revision: resourceVersion, physical: true }),
      })
      if (!response.ok) throw new Error(`etcd answered ${response.status} to a compaction: ${await response.text()}`)
    },
    async [Symbol.asyncDispose]() {
      await stop('apiserver')
      await stop('etcd')
      rmSync(home, { recursive: true })
    },
  }
}
