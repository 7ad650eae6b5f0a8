import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createKubeClient, kinds } from '@agent-jobs/kube-api'
import { CoreV1Api, KubeConfig } from '@kubernetes/client-node'
import { figure, percentile, type Bench, type Figure } from './figure.ts'
import { writeCertificate } from './support/certificate.ts'

const requests = 200

interface Measured {
  readonly connections: number
  readonly cpuMs: number
  readonly p50: number
}

async function connectionsOf(server: ChildProcess): Promise<number> {
  const answer = once(server, 'message')
  server.send('count')
  const [{ connections }] = (await answer) as [{ connections: number }]
  return connections
}

async function measure(server: ChildProcess, call: () => Promise<unknown>): Promise<Measured> {
  // Code is compiled on its first run, which is not a cost of a request.
  for (let warm = 0; warm < 20; warm += 1) await call()
  const before = await connectionsOf(server)
  const cpu = process.cpuUsage()
  const times: number[] = []
  for (let index = 0; index < requests; index += 1) {
    const startedAt = performance.now()
    await call()
    times.push(performance.now() - startedAt)
  }
  const { user, system } = process.cpuUsage(cpu)
  return {
    connections: (await connectionsOf(server)) - before,
    cpuMs: (user + system) / 1_000 / requests,
    p50: percentile(times, 0.5),
  }
}

/** 200 reads in a row over TLS: kube-api beside client-node. Needs `openssl` for a certificate. */
export const bench: Bench = async (log): Promise<Figure[]> => {
  const folder = mkdtempSync(join(tmpdir(), 'bench-kube-api-'))
  writeCertificate(folder)
  const server = fork(join(import.meta.dirname, 'support/tls-api.ts'), [folder])
  try {
    const [{ port }] = (await once(server, 'message')) as [{ port: number }]
    const kubeConfig = new KubeConfig()
    kubeConfig.loadFromClusterAndUser(
      { name: 'c', server: `https://127.0.0.1:${port}`, caFile: join(folder, 'server.crt'), skipTLSVerify: false },
      { name: 'u', token: 't' },
    )
    const client = createKubeClient({ kubeConfig })
    const core = kubeConfig.makeApiClient(CoreV1Api)
    const place = { name: 'a', namespace: 'ns' }
    log(`${requests} reads in a row, one client at a time`)
    const ours = await measure(server, () => client.get(kinds.ConfigMap, place))
    const theirs = await measure(server, () => core.readNamespacedConfigMap(place))
    await client.close()
    return [
      figure('kube-api: new connections', ours.connections, '', { target: 2 }),
      figure('client-node: new connections', theirs.connections, ''),
      figure('kube-api: CPU per request', ours.cpuMs, 'ms'),
      figure('client-node: CPU per request', theirs.cpuMs, 'ms'),
      figure('CPU, kube-api to client-node', ours.cpuMs / theirs.cpuMs, '', { target: 0.5 }),
      figure('kube-api: p50', ours.p50, 'ms'),
      figure('client-node: p50', theirs.p50, 'ms'),
    ]
  } finally {
    server.disconnect()
    await once(server, 'exit')
    rmSync(folder, { recursive: true })
  }
}
