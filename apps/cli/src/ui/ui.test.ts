import { request } from 'node:http'
import { text } from 'node:stream/consumers'
import { kinds } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fakeTerminal, type FakeTerminal } from '../../test/fake-terminal.ts'
import { startStandInCluster, type StandInCluster } from '../../test/stand-in-cluster.ts'
import { runCli } from '../run-cli.ts'

let cluster: StandInCluster
let terminal: FakeTerminal
let serving: Promise<number>
let url: URL
let cookie = ''
let job = ''
beforeAll(async () => {
  cluster = await startStandInCluster()
  const runs = fakeTerminal({ env: cluster.env })
  await runCli(cluster.args('hello', '--keep', '--json'), runs)
  ;({ job } = JSON.parse(runs.stdout()) as { job: string })
  terminal = fakeTerminal({ env: cluster.env })
  serving = runCli(['ui', '-n', 'agents', '--json'], terminal)
  await terminal.shown('"url"', 'out')
  url = new URL((JSON.parse(terminal.stdout()) as { url: string }).url)
})
afterAll(async () => {
  terminal.press('SIGINT')
  await serving
  await cluster[Symbol.asyncDispose]()
})

interface Answer {
  readonly status: number
  readonly headers: Record<string, string | string[] | undefined>
  body(): Promise<string>
  events(until: string): Promise<string>
}

/** `fetch` would not send another Host. */
function ask(path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request(
      { host: '127.0.0.1', port: url.port, path, method, headers: { cookie, ...headers } },
      (response) => {
        resolve({
          status: response.statusCode ?? 0,
          headers: response.headers,
          body: () => text(response),
          events: async (until) => {
            let seen = ''
            for await (const chunk of response) {
              seen += String(chunk)
              if (seen.includes(until)) break
            }
            asked.destroy()
            return seen
          },
        })
      },
    )
    asked.on('error', reject)
    asked.end()
  })
}

describe('agent-jobs ui', () => {
  it('shows nothing to those without the address', async () => {
    for (const path of ['/', '/app.js', '/api/runs', `/api/runs/agents/${job}`, '/?token=guess']) {
      expect((await ask(path)).status).toBe(403)
    }
  })

  it('lets one browser in by the address, once', async () => {
    const first = await ask(`${url.pathname}${url.search}`)
    expect([first.status, first.headers['location']]).toEqual([303, '/'])
    expect((await ask(`${url.pathname}${url.search}`)).status).toBe(403)
    cookie = String(first.headers['set-cookie']).split(';')[0] ?? ''
    const page = await ask('/')
    expect(page.status).toBe(200)
    expect(page.headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'")
    expect(await page.body()).toContain('<div id="app">')
  })

  it('streams the runs', async () => {
    const events = await (await ask('/api/runs')).events(job)
    expect(events).toContain('event: runs')
    expect(events).toContain('"state":"succeeded"')
  })

  it('streams one run: description, transcript and end', async () => {
    const events = await (await ask(`/api/runs/agents/${job}`)).events('event: end')
    expect(events).toMatch(/event: describe[\s\S]*"session":"s-1"/)
    expect(events).toMatch(/event: entries\ndata: \[\{"kind":"init"/)
    expect(events).toContain('event: end\ndata: {"code":null,"message":null}')
  })

  it('hides credentials that the agent prints, in transcript, result and error', async () => {
    const token = 'tok-0123456789abcdef'
    const runs = fakeTerminal({ env: cluster.env })
    await runCli(cluster.args(`leak ${token}`, '-d', '-e', `MY_TOKEN=${token}`), runs)
    const events = await (await ask(`/api/runs/agents/${runs.stdout().trim()}`)).events('event: end')
    expect(events).toContain('The token is ***')
    expect(events).toContain('token ***')
    expect(events).toMatch(/"result":"leak \*\*\*/)
    expect(events).not.toContain(token)
  })

  it('reports an unknown run', async () => {
    expect(await (await ask('/api/runs/agents/absent')).events('event: problem')).toContain('"code":"job_not_found"')
  })

  it('refuses other namespaces, other pages, other methods', async () => {
    const own = { origin: `http://127.0.0.1:${url.port}` }
    expect((await ask('/api/runs/kube-system/x')).status).toBe(404)
    expect((await ask(`/api/runs/agents/${job}/cancel`, { origin: 'https://evil.example' }, 'POST')).status).toBe(403)
    expect((await ask(`/api/runs/agents/${job}/cancel`)).status).toBe(405)
    expect((await ask('/', { host: 'evil.example' })).status).toBe(403)
    expect((await ask('/api/runs/agents/absent/cancel', own, 'POST')).status).toBe(500)
  })

  it('cancels a run', async () => {
    const runs = fakeTerminal({ env: cluster.env })
    await runCli(cluster.args('wait', '-d'), runs)
    const living = runs.stdout().trim()
    const own = { origin: `http://127.0.0.1:${url.port}` }
    const answer = await ask(`/api/runs/agents/${living}/cancel`, own, 'POST')
    expect([answer.status, await answer.body()]).toEqual([200, '{"verdict":"gone"}'])
    const again = await ask(`/api/runs/agents/${living}/cancel`, own, 'POST')
    expect(await again.body()).toBe('{"verdict":"ended before"}')
    const { items } = await cluster.client.list(kinds.Secret, { namespace: 'agents' })
    expect(items.filter(({ metadata }) => metadata?.ownerReferences?.[0]?.name === living)).toEqual([])
  })

  it('names the port that is taken', async () => {
    const other = fakeTerminal({ env: cluster.env })
    expect(await runCli(['ui', '--port', url.port], other)).toBe(1)
    expect(other.stderr()).toContain(`Port ${url.port} of 127.0.0.1 is taken`)
  })
})
