import { describe, expect, it } from 'vitest'
import { joinMcpServers, mcpIdentity } from './mcp-servers.ts'

const runtime = [{ name: 'paperclip', url: 'http://localhost:3100/mcp', token: 't0', connectionId: 'c' }]

describe('MCP servers', () => {
  it("merges the volume's, the user's and Paperclip's servers, later ones winning", () => {
    const { servers, warnings } = joinMcpServers({
      baseline: '{"mcpServers":{"files":{"command":"a"},"shared":{"command":"b"}}}',
      configured: { shared: { url: 'http://x' }, junk: 'text' },
      runtime,
      proxiedToken: null,
      apiUrl: 'http://10.0.0.5:3200',
    })
    expect(warnings).toEqual([])
    expect(servers).toEqual({
      files: { command: 'a' },
      shared: { url: 'http://x' },
      paperclip: { type: 'http', url: 'http://10.0.0.5:3200/mcp', headers: { Authorization: 'Bearer t0' } },
    })
  })

  it("ask Paperclip's own API through the launcher, which has the run's token; other tokens stay as they are", () => {
    const own = [
      { name: 'projects', url: 'http://localhost:3100/base/api/mcp/x?y=1', token: 'run', connectionId: 'c' },
      { name: 'other', url: 'http://localhost:3100/base/mcp', token: 'other', connectionId: 'd' },
    ]
    const input = { baseline: null, configured: undefined, runtime: own, apiUrl: 'http://10.0.0.5/base' }
    expect(joinMcpServers({ ...input, proxiedToken: 'run' }).servers).toMatchObject({
      projects: {
        url: '${PAPERCLIP_API_URL}/api/mcp/x?y=1',
        headers: { Authorization: 'Bearer ${PAPERCLIP_API_KEY}' },
      },
      other: { url: 'http://10.0.0.5/base/mcp', headers: { Authorization: 'Bearer other' } },
    })
  })

  it('keep addresses that a pod can reach', () => {
    const remote = [{ name: 'p', url: 'https://paperclip.example/mcp', token: 't', connectionId: 'c' }]
    expect(
      joinMcpServers({
        baseline: null,
        configured: undefined,
        runtime: remote,
        proxiedToken: null,
        apiUrl: 'http://10.0.0.5',
      }).servers['p'],
    ).toMatchObject({
      url: 'https://paperclip.example/mcp',
    })
  })

  it('say when the baseline cannot be read', () => {
    expect(
      joinMcpServers({ baseline: '{', configured: undefined, runtime: [], proxiedToken: null, apiUrl: null }).warnings,
    ).toHaveLength(1)
  })

  it('have an identity that knows no secrets and no order', () => {
    const a = mcpIdentity({ x: { url: 'u', headers: { Authorization: 'Bearer 1' } }, y: { command: 'c' } })
    const b = mcpIdentity({ y: { command: 'c' }, x: { url: 'u', headers: { Authorization: 'Bearer 2' } } })
    expect(a).toBe(b)
    expect(mcpIdentity({ x: { url: 'other' } })).not.toBe(a)
    expect(mcpIdentity({})).toBeNull()
  })
})
