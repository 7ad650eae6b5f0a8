import { randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { text } from 'node:stream/consumers'
import { kinds } from '@agent-jobs/kube-api'
import { parseObject } from '@paperclipai/adapter-utils/server-utils'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { ConformanceAgent } from './conformance-agent.ts'
import { miniPaperclipPlace } from './mini-paperclip-place.ts'
import { paperclipContext } from '../../adapter-kit/test/paperclip-context.ts'
import type { PaperclipPlace } from './paperclip-place.ts'

// Agents' pods run as this user; a server that is neither root nor this user cannot write files for them.
const podUser = 1000
const writesForPods = [0, podUser].includes(process.getuid?.() ?? -1)

const runToken = /run-token-0123456789/

/** Declares that an agent reaches an MCP server of Paperclip's API without holding the required token. */
export function proxiedMcpTests(agent: ConformanceAgent): void {
  let place: PaperclipPlace
  const calls: { method: string; authorization: string | undefined }[] = []
  // Answers as Paperclip's project tools do.
  const server = createServer(async (request, response) => {
    const asked: unknown = request.method === 'POST' ? JSON.parse(await text(request)) : null
    const { id, method } = parseObject(asked)
    // The launcher checks once, without a token, whether the server is reachable.
    if (request.url !== '/') calls.push({ method: String(method), authorization: request.headers.authorization })
    if (id === undefined) return response.writeHead(asked === null ? 405 : 202).end()
    const initialized = {
      protocolVersion: '2025-03-26',
      capabilities: { tools: { listChanged: false } },
      serverInfo: { name: 'paperclip-project-tools', version: '1' },
    }
    const result = method === 'initialize' ? initialized : { tools: [] }
    response.writeHead(200, { 'content-type': 'application/json' })
    return response.end(JSON.stringify({ jsonrpc: '2.0', id, result }))
  })
  beforeAll(async () => {
    place = await miniPaperclipPlace(agent)
    await new Promise<void>((resolve) => {
      server.listen(0, '127.0.0.1', resolve)
    })
  })
  afterAll(async () => {
    await place.close()
    server.closeAllConnections()
    server.close()
  })

  it.skipIf(!writesForPods)(
    "reaches Paperclip's own MCP server, without having the token (needs uid 0 or 1000)",
    async () => {
      const address = server.address()
      const url = `http://127.0.0.1:${typeof address === 'object' && address ? address.port : 0}`
      const config = place.config('text', { paperclipApiUrl: url })
      const projects = {
        // Paperclip's own name for it, with a space.
        name: 'Paperclip projects',
        url: `${url}/api/mcp/project-tools`,
        token: 'run-token-0123456789',
        connectionId: 'p',
      }
      const { ctx, told } = paperclipContext({
        runId: randomUUID(),
        agentId: randomUUID(),
        taskId: randomUUID(),
        adapterType: agent.definition.type,
        config,
        runtimeMcp: { getServers: () => [projects] },
      })
      const atWork = place.model.asked('text')
      const running = place.adapter().execute(ctx)
      await Promise.race([atWork, running])
      const { items } = await place.client.list(kinds.Secret, { namespace: place.namespace })
      const result = await running
      const heard = told.log.map(({ chunk }) => chunk).join('')
      expect(result, heard).toMatchObject({ exitCode: 0 })
      expect(
        calls.map(({ method }) => method),
        heard,
      ).toEqual(expect.arrayContaining(['initialize', 'tools/list']))
      expect(new Set(calls.map(({ authorization }) => authorization))).toEqual(new Set(['Bearer run-token-0123456789']))
      const secrets = items.flatMap(({ data = {} }) =>
        Object.values(data).map((value) => Buffer.from(value, 'base64').toString()),
      )
      expect(secrets.join('\n')).toContain('PAPERCLIP_API_KEY')
      expect(secrets.join('\n')).not.toMatch(runToken)
      expect(JSON.stringify([told, result])).not.toMatch(runToken)
    },
  )
}
