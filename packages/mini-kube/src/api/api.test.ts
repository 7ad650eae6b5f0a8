import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startMiniKube, type MiniKube } from '../mini-kube.ts'
import { shellJob, testClient, type TestClient, type TestObject } from '../../test/test-client.ts'

let kube: MiniKube
let client: TestClient
const maps = '/api/v1/namespaces/default/configmaps'
const pods = '/api/v1/namespaces/default/pods'
const recorded = (path: string) =>
  JSON.parse(readFileSync(new URL(`../__fixtures__/kubernetes/${path}`, import.meta.url), 'utf8')) as {
    status: number
    body: TestObject
  }

beforeAll(async () => {
  kube = await startMiniKube({ namespaces: ['loglab'], watchWindow: 100 })
  client = testClient(kube)
})
afterAll(() => kube.close())

describe('discovery', () => {
  it.each([
    '/version',
    '/api',
    '/apis',
    '/api/v1',
    '/apis/batch/v1',
    '/apis/batch',
    '/openapi/v3',
    '/openapi/v3/apis/batch/v1',
    '/livez',
    '/readyz',
    '/healthz',
  ])('%s is served', async (path) => {
    expect((await client.text(path)).status).toBe(200)
  })

  it.each(['/apis/apps/v1', '/apis/batch/v2/namespaces/default/jobs', '/nonsense'])('%s is not', async (path) => {
    expect(await client.text(path)).toEqual({ status: 404, body: '404 page not found\n' })
  })

  it('refuses an unknown kind of a group with a Status', async () => {
    const { status, body } = await client.get('/api/v1/namespaces/default/services')
    expect({ status, message: body.message }).toEqual({
      status: 404,
      message: 'the server could not find the requested resource',
    })
  })

  it('answers an unsupported method with 405', async () => {
    expect((await client.send('POST', `${maps}/x`, {})).status).toBe(405)
  })
})

describe('the recorded refusals', () => {
  it.each([
    ['404-job.json', 'GET', '/apis/batch/v1/namespaces/loglab/jobs/absent', undefined],
    ['404-namespace-create-job.json', 'POST', '/apis/batch/v1/namespaces/absent-ns/jobs', shellJob('x', 'true')],
    ['422-bad-name.json', 'POST', '/apis/batch/v1/namespaces/loglab/jobs', shellJob('Bad_Name', 'true')],
    ['422-name-too-long.json', 'POST', '/apis/batch/v1/namespaces/loglab/jobs', shellJob('x'.repeat(64), 'true')],
  ])('http-errors/%s', async (file, method, path, body) => {
    const { status, body: expected } = recorded(`http-errors/${file}`)
    const answer = await client.send(method, path, body)
    expect(answer.status).toBe(status)
    expect(answer.body).toEqual(expected)
  })

  it('http-errors/401-bad-token.json', async () => {
    const answer = await testClient({ url: kube.url, token: 'wrong' }).get(pods)
    expect(answer.body).toEqual(recorded('http-errors/401-bad-token.json').body)
  })

  it('http-errors/403-anonymous.json', async () => {
    const response = await fetch(`${kube.url}/api/v1/namespaces/loglab/pods`)
    expect(await response.json()).toEqual(recorded('http-errors/403-anonymous.json').body)
  })

  it('http-errors/409-job-exists.json', async () => {
    const jobs = '/apis/batch/v1/namespaces/loglab/jobs'
    const job = shellJob('completed', 'true', { job: { suspend: true } })
    await client.send('POST', jobs, job)
    expect((await client.send('POST', jobs, job)).body).toEqual(recorded('http-errors/409-job-exists.json').body)
  })

  it('refuses a body that is too large', async () => {
    expect(
      (await client.send('POST', maps, { metadata: { name: 'x' }, data: { a: 'x'.repeat(4_000_000) } })).status,
    ).toBe(413)
  })
})

describe('versions and the past', () => {
  const touch = async (name: string, times: number) => {
    await client.send('POST', maps, { metadata: { name } })
    for (let i = 0; i < times; i++)
      await client.send('PATCH', `${maps}/${name}`, { data: { i: String(i) } }, 'application/merge-patch+json')
  }

  it('resumes a watch exactly where it left off', async () => {
    const start = (await client.get(maps)).body.metadata.resourceVersion
    await touch('resumed', 3)
    const versions: string[] = []
    const first = client.watch(`${maps}?watch=true&resourceVersion=${start}`)
    const one = await first.next()
    versions.push(String(one.value?.object.metadata.resourceVersion))
    await first.return(undefined)
    for await (const { object } of client.watch(`${maps}?watch=true&resourceVersion=${versions[0]}`)) {
      versions.push(object.metadata.resourceVersion)
      if (versions.length === 4) break
    }
    expect([...versions].sort((a, b) => Number(a) - Number(b))).toEqual(versions)
    expect(new Set(versions).size).toBe(4)
  })

  it('gives 410 as an event once the past is compacted, and as a status to an old page', async () => {
    const old = (await client.get(maps)).body.metadata.resourceVersion
    for (const name of ['q1', 'q2', 'q3']) await client.send('POST', maps, { metadata: { name } })
    const page = (await client.get(`${maps}?limit=1`)).body
    await touch('compacted', 1)
    kube.compact()
    const events = []
    for await (const event of client.watch(`${maps}?watch=true&resourceVersion=${old}`)) events.push(event)
    expect(events).toMatchObject([{ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }])
    expect(events[0]?.object.message).toMatch(/^too old resource version: \d+ \(\d+\)$/)
    const next = await client.get(`${maps}?limit=1&continue=${page.metadata.continue}`)
    const expected = JSON.parse(
      readFileSync(new URL('../__fixtures__/kubernetes/watch-410/list-expired-continue.json', import.meta.url), 'utf8'),
    ) as TestObject
    expect(next.status).toBe(410)
    expect(next.body.message).toBe(expected.message)
    const fresh = await client.get(`${maps}?limit=1&continue=${next.body.metadata.continue}`)
    expect(fresh.status).toBe(200)
    expect((await client.get(`${maps}?resourceVersion=${old}&resourceVersionMatch=Exact`)).body.message).toBe(
      'The resourceVersion for the provided list is too old.',
    )
  })

  it('drops changes outside its window', async () => {
    const start = (await client.get(maps)).body.metadata.resourceVersion
    await touch('busy', 160)
    const events = []
    for await (const event of client.watch(`${maps}?watch=true&resourceVersion=${start}`)) {
      events.push(event.type)
      if (events.length > 0) break
    }
    expect(events).toEqual(['ERROR'])
  })

  it('refuses a list from the future with 504 and a time to wait', async () => {
    const { status, body, headers } = await client.get(`${maps}?resourceVersion=999999999`)
    expect({ status, retry: headers.get('retry-after') }).toEqual({ status: 504, retry: '1' })
    expect(body).toMatchObject({
      reason: 'Timeout',
      details: { causes: [{ reason: 'ResourceVersionTooLarge' }], retryAfterSeconds: 1 },
    })
  })
})

describe('bookmarks', () => {
  it('arrive as often as `timing` says, with the newest version', async () => {
    const other = await startMiniKube({ timing: { bookmarkMs: 30 } })
    const otherClient = testClient(other)
    const seen: TestObject[] = []
    for await (const { type, object } of otherClient.watch(
      `${pods}?watch=true&allowWatchBookmarks=true&resourceVersion=1`,
    )) {
      expect(type).toBe('BOOKMARK')
      seen.push(object)
      if (seen.length === 2) break
    }
    expect(seen[0]).toMatchObject({ kind: 'Pod', apiVersion: 'v1', spec: { containers: null }, status: {} })
    await other.close()
  })

  it('end a watch cleanly when its time is up', async () => {
    const start = performance.now()
    for await (const event of client.watch(`${pods}?watch=true&resourceVersion=999999999&timeoutSeconds=1`))
      expect(event).toBeUndefined()
    expect(performance.now() - start).toBeGreaterThan(900)
  })
})

describe('tokens', () => {
  it('work in the path too, for clients that send none over plain HTTP', async () => {
    expect((await fetch(`${kube.url}/token/${kube.token}/api/v1/namespaces`)).status).toBe(200)
    expect((await fetch(`${kube.url}/token/wrong/api/v1/namespaces`)).status).toBe(401)
  })

  it('are not passed to onRequest', async () => {
    const seen: string[] = []
    const other = await startMiniKube({ onRequest: ({ path }) => seen.push(path) })
    await (await fetch(`${other.url}/token/${other.token}/api/v1/namespaces?limit=1`)).text()
    await other.close()
    expect(seen).toEqual(['/api/v1/namespaces?limit=1'])
  })

  it('of a user have the rights of their Roles and no more', async () => {
    const eve = testClient({ url: kube.url, token: kube.addUser('eve') })
    expect((await eve.get('/api/v1/nodes')).body.message).toBe(
      'nodes is forbidden: User "eve" cannot list resource "nodes" in API group "" at the cluster scope',
    )
    const rbac = '/apis/rbac.authorization.k8s.io/v1'
    await client.send('POST', `${rbac}/clusterroles`, {
      metadata: { name: 'nodes' },
      rules: [{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }],
    })
    await client.send('POST', `${rbac}/clusterrolebindings`, {
      metadata: { name: 'nodes' },
      roleRef: { kind: 'ClusterRole', name: 'nodes' },
      subjects: [{ kind: 'User', name: 'eve' }],
    })
    expect((await eve.get('/api/v1/nodes')).status).toBe(200)
    expect((await eve.get('/api/v1/nodes/mini-kube')).status).toBe(403)
  })
})
