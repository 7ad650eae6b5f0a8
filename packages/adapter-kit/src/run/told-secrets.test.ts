import { randomUUID } from 'node:crypto'
import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createClusterPool } from '../cluster/cluster-pool.ts'
import { createAdapter, systemDependencies } from '../create-adapter.ts'
import { freshState } from '../restart/process-state.ts'
import { paperclipContext } from '../../test/paperclip-context.ts'
import { scriptAgent } from '../../test/script-agent.ts'
import { startScriptCluster, type ScriptCluster } from '../../test/script-cluster.ts'

// Prints everything it was given, as an agent may be tricked into doing; credentials of MCP servers are in its file.
const definition = scriptAgent(`
console.log(JSON.stringify(process.env))
console.error(process.env.GITHUB_TOKEN + ' ' + process.env.PLAIN)
console.log('scratch', (await import('node:fs')).statSync(process.env.PAPERCLIP_SCRATCH_DIR).isDirectory())
const header = ['mcp', 'secret', '0123456789'].join('-')
console.log(header + ' and Bearer ' + header)
`)

describe('the credentials of an agent that shows them', () => {
  let cluster: ScriptCluster
  beforeAll(async () => {
    cluster = await startScriptCluster()
    const where = { namespace: cluster.namespace }
    await cluster.client.create(
      kinds.Secret,
      {
        metadata: { name: 'creds' },
        stringData: { github: 'gh-secret-0123456789', LINEAR_API_KEY: 'linear-secret-0123' },
      },
      where,
    )
    await cluster.client.create(
      kinds.Pod,
      {
        metadata: { name: 'paperclip-0' },
        spec: {
          containers: [
            {
              name: 'paperclip',
              image: 'agent:1',
              command: ['sleep', '3600'],
              env: [
                { name: 'GITHUB_TOKEN', valueFrom: { secretKeyRef: { name: 'creds', key: 'github' } } },
                { name: 'OPENAI_API_KEY', value: 'openai-secret-0123456789' },
                { name: 'PLAIN', value: 'plain-text-for-everybody' },
              ],
              envFrom: [{ secretRef: { name: 'creds' } }],
            },
          ],
        },
      },
      where,
    )
  })
  afterAll(() => cluster.close())

  it('never appear in output, whatever their source: literals, references, whole sources, settings, headers', async () => {
    // What the server's container was given is in the environment of its process.
    const env = {
      ...cluster.env,
      HOSTNAME: 'paperclip-0',
      AGENT_JOBS_POLICY: JSON.stringify({ inherit: { env: ['GITHUB_TOKEN', 'LINEAR_API_KEY', 'PLAIN'] } }),
      GITHUB_TOKEN: 'gh-secret-0123456789',
      LINEAR_API_KEY: 'linear-secret-0123',
    }
    const clusters = createClusterPool({ env })
    const deps = systemDependencies({ env, clusters, state: freshState() })
    const config = cluster.config({
      paperclipApiUrl: 'http://127.0.0.1:9',
      env: { MY_TOKEN: 'user-secret-0123456789', PAPERCLIP_SCRATCH_DIR: '/nowhere/in/a/pod' },
      mcpServers: {
        docs: { type: 'http', url: 'http://docs', headers: { Authorization: 'Bearer mcp-secret-0123456789' } },
      },
    })
    const { ctx, told } = paperclipContext({ runId: randomUUID(), agentId: randomUUID(), config })
    const result = await createAdapter(definition, deps).execute(ctx)
    await clusters.close()
    const all = JSON.stringify([told, result])
    expect(result.exitCode, all).toBe(0)
    expect(all).toContain('plain-text-for-everybody')
    expect(result.summary).toContain('scratch true')
    for (const name of ['GITHUB_TOKEN', 'LINEAR_API_KEY', 'OPENAI_API_KEY', 'MY_TOKEN']) {
      expect(result.summary).toContain(`"${name}":"***"`)
    }
    expect(all).not.toMatch(/(?:gh|linear|openai|user|mcp)-secret-/)
  })
})
