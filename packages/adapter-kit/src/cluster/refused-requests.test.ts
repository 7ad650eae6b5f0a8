import { createServer } from 'node:http'
import { once } from 'node:events'
import { createKubeClient, type KubeClient } from '@agent-jobs/kube-api'
import { KubeConfig } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { listAgentJobs } from '../acquire/candidates.ts'
import { readSelfPod } from '../pod/self-pod.ts'
import { ensureVolumeClaims } from '../volume/ensure-volume-claims.ts'

/** An API server that refuses every request, as the real one words it. */
describe('a request of the kit that the API server refuses', () => {
  let status = 403
  const reasons: Readonly<Record<number, string>> = { 400: 'BadRequest', 403: 'Forbidden' }
  const server = createServer((_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(
      JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason: reasons[status], code: status }),
    )
  })
  let client: KubeClient
  beforeAll(async () => {
    server.listen(0, '127.0.0.1')
    await once(server, 'listening')
    const address = server.address()
    const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
    const kubeConfig = new KubeConfig()
    kubeConfig.loadFromClusterAndUser({ name: 'c', server: url, skipTLSVerify: true }, { name: 'u' })
    client = createKubeClient({ kubeConfig })
  })
  afterAll(async () => {
    await client.close()
    server.close()
  })

  const signal = () => AbortSignal.timeout(10_000)
  const selfPod = () =>
    readSelfPod({
      client,
      env: { HOSTNAME: 'paperclip-0' },
      namespace: 'paperclip',
      options: { policy: { allow: [], deny: [] } },
      signal: signal(),
    })

  it.each([
    [403, 'k8s_forbidden', false],
    [400, 'k8s_api_unreachable', true],
  ])("has its own code for the server's pod: %i is %s", async (answer, code, retryable) => {
    status = answer
    await expect(selfPod()).rejects.toMatchObject({ code, retryable })
  })

  it('stops a run that cannot see whether its agent is at work', async () => {
    status = 403
    await expect(
      listAgentJobs(client, { namespace: 'agents', labelSelector: 'a=b', signal: signal() }),
    ).rejects.toMatchObject({ code: 'k8s_concurrency_guard_unreachable', retryable: true })
  })

  it('stops a run whose volume can be neither seen nor made', async () => {
    status = 403
    const claims = [{ name: 'db', mountPath: '/db', storage: '1Gi' }]
    await expect(
      ensureVolumeClaims(client, claims, { namespace: 'agents', labels: {}, annotations: {}, signal: signal() }),
    ).rejects.toMatchObject({ code: 'k8s_claim_failed' })
  })
})
