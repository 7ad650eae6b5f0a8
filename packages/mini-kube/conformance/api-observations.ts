import type { TestObject } from '../test/test-client.ts'
import { answer, jobOf, paths, type Observation, type Stage } from './stage.ts'

const map = (name: string, data: Record<string, string> = { a: '1' }, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, ...metadata },
  data,
})

const observation = (name: string, observe: (stage: Stage) => Promise<unknown>): Observation => ({
  name: `api: ${name}`,
  observe,
})

const withPaths = (name: string, observe: (stage: Stage, p: ReturnType<typeof paths>) => Promise<unknown>) =>
  observation(name, (stage) => observe(stage, paths(stage.namespace)))

const content = (object: TestObject) => ({
  labels: object.metadata.labels,
  annotations: object.metadata.annotations,
  data: object.data,
})

/** Requests and answers: what a client may rely on whatever it runs. */
export const apiObservations: Observation[] = [
  withPaths('an absent object', async ({ client, namespace }, p) => [
    answer(await client.get(`${p.jobs}/absent`)),
    answer(await client.get(`${p.pods}/absent/log`)),
    answer(await client.send('DELETE', `${p.secrets}/absent`)),
    answer(await client.send('PATCH', `${p.configMaps}/absent`, { data: {} }, 'application/merge-patch+json')),
    answer(await client.send('POST', `/api/v1/namespaces/${namespace}-absent/configmaps`, map('x')), {
      [namespace]: 'NAMESPACE',
    }),
    await client.text('/apis/nothing.example.com/v1/things'),
    await client.text('/api/v1/nothings'),
  ]),
  withPaths('a taken name', async ({ client }, p) => {
    await client.send('POST', p.configMaps, map('taken'))
    const again = answer(await client.send('POST', p.configMaps, map('taken')))
    await client.send('DELETE', `${p.configMaps}/taken`)
    return again
  }),
  withPaths('preconditions of a delete', async ({ client }, p) => {
    const made = (await client.send('POST', p.configMaps, map('guarded'))).body
    const { uid, resourceVersion } = made.metadata
    const path = `${p.configMaps}/guarded`
    const wrong = '00000000-0000-4000-8000-000000000000'
    const names = { [resourceVersion]: 'VERSION' }
    return [
      answer(await client.send('DELETE', path, { preconditions: { uid: wrong } })),
      answer(await client.send('DELETE', path, { preconditions: { uid, resourceVersion: '1' } }), names),
      answer(await client.send('DELETE', path, { preconditions: { uid, resourceVersion } })),
      answer(await client.get(path)),
    ]
  }),
  withPaths('an outdated update', async ({ client }, p) => {
    const made = (await client.send('POST', p.configMaps, map('raced'))).body
    const path = `${p.configMaps}/raced`
    const first = await client.send('PUT', path, { ...made, data: { a: '2' } })
    const second = await client.send('PUT', path, { ...made, data: { a: '3' } })
    const unchanged = await client.send('PUT', path, first.body)
    await client.send('DELETE', path)
    return [
      answer(first),
      answer(second),
      unchanged.body.metadata.resourceVersion === first.body.metadata.resourceVersion,
    ]
  }),
  withPaths('patches', async ({ client }, p) => {
    await client.send('POST', p.configMaps, map('patched', { keep: '1', drop: '2' }, { labels: { l: '1' } }))
    const path = `${p.configMaps}/patched`
    const merge = await client.send('PATCH', path, { data: { drop: null, add: '3' } }, 'application/merge-patch+json')
    const json = await client.send(
      'PATCH',
      path,
      [
        { op: 'test', path: '/data/add', value: '3' },
        { op: 'replace', path: '/data/add', value: '4' },
        { op: 'add', path: '/metadata/annotations', value: { 'a/b': 'c' } },
      ],
      'application/json-patch+json',
    )
    const failing = await client.send(
      'PATCH',
      path,
      [{ op: 'test', path: '/data/add', value: 'no' }],
      'application/json-patch+json',
    )
    const strategic = await client.send(
      'PATCH',
      path,
      { metadata: { labels: { l: null, m: '2' } } },
      'application/strategic-merge-patch+json',
    )
    const unknown = await client.send('PATCH', path, {}, 'application/json')
    await client.send('DELETE', path)
    return [content(merge.body), content(json.body), failing.status, content(strategic.body), unknown.status]
  }),
  withPaths('server-side apply', async ({ client }, p) => {
    const path = `${p.configMaps}/applied`
    const apply = (manager: string, data: object, extra = '') =>
      client.send(
        'PATCH',
        `${path}?fieldManager=${manager}${extra}`,
        { ...map('applied'), data },
        'application/apply-patch+yaml',
      )
    const created = await apply('one', { a: '1', b: '2' })
    const removed = await apply('one', { a: '1' })
    const other = await apply('two', { c: '3' })
    const conflict = await apply('two', { a: '9', c: '3' })
    const forced = await apply('two', { a: '9', c: '3' }, '&force=true')
    await client.send('DELETE', path)
    return [created.status, created.body.data, removed.body.data, other.body.data, answer(conflict), forced.body.data]
  }),
  withPaths('a dry run', async ({ client }, p) => {
    const made = await client.send('POST', `${p.configMaps}?dryRun=All`, map('dry'))
    return [made.status, made.body.data, (await client.get(`${p.configMaps}/dry`)).status]
  }),
  withPaths('an immutable Secret', async ({ client }, p) => {
    const path = `${p.secrets}/fixed`
    await client.send('POST', p.secrets, { metadata: { name: 'fixed' }, stringData: { a: '1' }, immutable: true })
    const patch = (body: object) => client.send('PATCH', path, body, 'application/merge-patch+json')
    const answers = [
      answer(await patch({ stringData: { a: '2' } })),
      answer(await patch({ immutable: false })),
      answer(await patch({ metadata: { annotations: { x: 'y' } } })),
    ]
    await client.send('DELETE', path)
    return answers
  }),
  withPaths('a Secret in the form it is kept', async ({ client }, p) => {
    const made = await client.send('POST', p.secrets, {
      metadata: { name: 'kept' },
      data: { a: 'MQ==' },
      stringData: { b: '2' },
    })
    await client.send('DELETE', `${p.secrets}/kept`)
    return [made.body.data, made.body['stringData'], made.body['type']]
  }),
  withPaths('a Secret that is too large', async ({ client }, p) =>
    answer(
      await client.send('POST', p.secrets, { metadata: { name: 'large' }, stringData: { a: 'x'.repeat(1_048_577) } }),
    ),
  ),
  withPaths('a finalizer', async ({ client }, p) => {
    const path = `${p.secrets}/held`
    await client.send('POST', p.secrets, {
      metadata: { name: 'held', finalizers: ['example.com/hold'] },
      stringData: { a: '1' },
    })
    const deleted = await client.send('DELETE', path)
    const again = await client.send('POST', p.secrets, { metadata: { name: 'held' } })
    const changed = await client.send('PATCH', path, { stringData: { a: '2' } }, 'application/merge-patch+json')
    const more = await client.send(
      'PATCH',
      path,
      { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } },
      'application/merge-patch+json',
    )
    const released = await client.send(
      'PATCH',
      path,
      { metadata: { finalizers: null } },
      'application/merge-patch+json',
    )
    return [
      deleted.status,
      deleted.body.metadata.deletionTimestamp !== undefined,
      answer(again),
      changed.status,
      answer(more),
      released.status,
      (await client.get(path)).status,
    ]
  }),
  withPaths('an owner that does not exist', async ({ client }, p) => {
    const ownerReferences = [
      { apiVersion: 'batch/v1', kind: 'Job', name: 'missing', uid: '00000000-0000-4000-8000-000000000000' },
    ]
    const made = (await client.send('POST', p.secrets, { metadata: { name: 'orphan', ownerReferences } })).body
    const since = `resourceVersion=${made.metadata.resourceVersion}`
    await client.until(`${p.secrets}?fieldSelector=metadata.name=orphan&${since}`, (_, type) => type === 'DELETED')
    return (await client.get(`${p.secrets}/orphan`)).status
  }),
  withPaths('an owner that goes', async ({ client }, p) => {
    const owner = (await client.send('POST', p.configMaps, map('owner'))).body
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid }]
    const owned = (await client.send('POST', p.secrets, { metadata: { name: 'owned', ownerReferences } })).body
    await client.send('DELETE', `${p.configMaps}/owner`, { propagationPolicy: 'Background' })
    await client.until(
      `${p.secrets}?fieldSelector=metadata.name=owned&resourceVersion=${owned.metadata.resourceVersion}`,
      (_, type) => type === 'DELETED',
    )
    return (await client.get(`${p.secrets}/owned`)).status
  }),
  withPaths('names and labels', async ({ client, ...stage }, p) => [
    answer(await client.send('POST', p.configMaps, map('Bad_Name'))),
    answer(await client.send('POST', p.configMaps, { kind: 'ConfigMap', apiVersion: 'v1', metadata: {} })),
    answer(await client.send('POST', p.jobs, jobOf({ client, ...stage }, 'x'.repeat(64), 'true'))),
    answer(await client.send('POST', p.configMaps, { ...map('x'), metadata: { name: 'x', namespace: 'other' } })),
    /^gen-[bcdfghjklmnpqrstvwxz2456789]{5}$/.test(
      (await client.send('POST', `${p.configMaps}?dryRun=All`, { metadata: { generateName: 'gen-' } })).body.metadata
        .name,
    ),
  ]),
  withPaths('what a Job must have', async ({ client, ...stage }, p) => {
    const base = jobOf({ client, ...stage }, 'invalid', 'true')
    const always = structuredClone(base)
    always.spec.template.spec.restartPolicy = 'Always'
    const empty = structuredClone(base)
    empty.spec.template.spec.containers = []
    return [answer(await client.send('POST', p.jobs, always)).status, answer(await client.send('POST', p.jobs, empty))]
  }),
  withPaths('defaults of a Job', async ({ client, ...stage }, p) => {
    const made = await client.send('POST', `${p.jobs}?dryRun=All`, jobOf({ client, ...stage }, 'defaults', 'true'))
    const text = JSON.stringify(made.body.spec)
      .replaceAll(made.body.metadata.uid, 'UID')
      .replaceAll(/"(batch.kubernetes.io\/)?controller-uid":"[^"]+"/g, '"$1controller-uid":"UID"')
    return sorted(JSON.parse(text))
  }),
  withPaths('defaults of a Pod', async ({ client, image }, p) => {
    const made = await client.send('POST', `${p.pods}?dryRun=All`, {
      metadata: { name: 'defaults' },
      spec: {
        automountServiceAccountToken: false,
        containers: [{ name: 'a', image, resources: { limits: { cpu: '1' } } }],
      },
    })
    return sorted({ spec: made.body.spec, status: made.body.status })
  }),
  withPaths('selectors', async ({ client }, p) => {
    for (const [name, tier] of [
      ['s1', 'a'],
      ['s2', 'b'],
      ['s3', ''],
    ] as const) {
      await client.send(
        'POST',
        p.configMaps,
        map(name, {}, { labels: { set: 'sel', ...(tier === '' ? {} : { tier }) } }),
      )
    }
    const list = async (query: string) =>
      (await client.get(`${p.configMaps}?${query}`)).body.items?.map((one) => one.metadata.name)
    const found = [
      await list('labelSelector=set=sel,tier=a'),
      await list('labelSelector=set=sel,tier!=a'),
      await list('labelSelector=set=sel,tier'),
      await list('labelSelector=set=sel,!tier'),
      await list(`labelSelector=${encodeURIComponent('set=sel,tier in (a,b)')}`),
      await list(`labelSelector=${encodeURIComponent('set=sel,tier notin (a)')}`),
      await list('fieldSelector=metadata.name=s2'),
      (await client.get(`${p.configMaps}?fieldSelector=data=1`)).status,
    ]
    await client.send('DELETE', `${p.configMaps}?labelSelector=set=sel`)
    return [...found, await list('labelSelector=set=sel')]
  }),
  withPaths('pages', async ({ client }, p) => {
    for (const name of ['p1', 'p2', 'p3'])
      await client.send('POST', p.secrets, { metadata: { name, labels: { set: 'page' } } })
    const first = (await client.get(`${p.secrets}?labelSelector=set=page&limit=2`)).body
    const second = (await client.get(`${p.secrets}?labelSelector=set=page&limit=2&continue=${first.metadata.continue}`))
      .body
    await client.send('DELETE', `${p.secrets}?labelSelector=set=page`)
    const names = (list: TestObject) => list.items?.map((one) => one.metadata.name)
    return [
      names(first),
      first.metadata.continue !== undefined,
      names(second),
      second.metadata.continue === undefined,
      first.metadata.resourceVersion === second.metadata.resourceVersion,
    ]
  }),
  withPaths('a watch with a selector', async ({ client }, p) => {
    const { resourceVersion } = (await client.get(p.configMaps)).body.metadata
    const path = `${p.configMaps}/watched`
    await client.send('POST', p.configMaps, map('watched', {}, { labels: { view: 'in' } }))
    await client.send('PATCH', path, { data: { a: '2' } }, 'application/merge-patch+json')
    await client.send('PATCH', path, { metadata: { labels: { view: 'out' } } }, 'application/merge-patch+json')
    await client.send('PATCH', path, { metadata: { labels: { view: 'in' } } }, 'application/merge-patch+json')
    await client.send('DELETE', path)
    const seen: string[] = []
    for await (const { type } of client.watch(
      `${p.configMaps}?watch=true&labelSelector=view=in&timeoutSeconds=1&resourceVersion=${resourceVersion}`,
    ))
      seen.push(type)
    return seen
  }),
  withPaths('a WatchList', async ({ client }, p) => {
    await client.send('POST', p.configMaps, map('listed', {}, { labels: { view: 'list' } }))
    const seen: unknown[] = []
    const query =
      'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true&timeoutSeconds=1&labelSelector=view=list'
    for await (const { type, object } of client.watch(`${p.configMaps}?${query}`)) {
      if (type !== 'BOOKMARK' || object.metadata.annotations !== undefined)
        seen.push([type, object.kind, object.metadata.annotations ?? {}])
    }
    const refused = await client.get(`${p.configMaps}?watch=true&sendInitialEvents=true`)
    await client.send('DELETE', `${p.configMaps}/listed`)
    return [seen, refused.status]
  }),
  withPaths('odd versions', async ({ client }, p) => {
    const silent: unknown[] = []
    for await (const event of client.watch(`${p.configMaps}?watch=true&resourceVersion=999999999&timeoutSeconds=1`))
      silent.push(event)
    return [
      silent,
      (await client.get(`${p.configMaps}?resourceVersion=999999999`)).status,
      (await client.get(`${p.configMaps}?watch=true&resourceVersion=abc`)).status,
    ]
  }),
  withPaths('status is the server’s alone', async ({ client, ...stage }, p) => {
    const body = {
      ...jobOf({ client, ...stage }, 'status', 'true', { job: { suspend: true } }),
      status: { succeeded: 7 },
    }
    const made = await client.send('POST', p.jobs, body)
    const patched = await client.send(
      'PATCH',
      `${p.jobs}/status`,
      { status: { succeeded: 7 } },
      'application/merge-patch+json',
    )
    const spec = await client.send(
      'PATCH',
      `${p.jobs}/status/status`,
      { spec: { parallelism: 5 } },
      'application/merge-patch+json',
    )
    await client.send('DELETE', `${p.jobs}/status`, { propagationPolicy: 'Background' })
    return [made.body.status?.['succeeded'], patched.body.status?.['succeeded'], spec.body.spec?.['parallelism']]
  }),
  withPaths('columns of tables', async ({ client }, p) => {
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io'
    const columns = async (path: string) =>
      ((await client.get(path, { accept })).body['columnDefinitions'] as { name: string; priority: number }[]).map(
        ({ name, priority }) => `${name}:${priority}`,
      )
    return [
      await columns(p.pods),
      await columns(p.jobs),
      await columns(p.secrets),
      await columns(p.events),
      await columns('/api/v1/namespaces'),
    ]
  }),
  withPaths('a ServiceAccount and its rights', async ({ client, as, namespace }, p) => {
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`
    await client.send('POST', `/api/v1/namespaces/${namespace}/serviceaccounts`, { metadata: { name: 'weak' } })
    const rules = [
      { apiGroups: ['batch'], resources: ['jobs'], verbs: ['get', 'list'] },
      { apiGroups: [''], resources: ['secrets'], verbs: ['get'], resourceNames: ['mine'] },
    ]
    await client.send('POST', `${rbac}/roles`, { metadata: { name: 'reader' }, rules })
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' }
    await client.send('POST', `${rbac}/rolebindings`, {
      metadata: { name: 'reader' },
      roleRef,
      subjects: [{ kind: 'ServiceAccount', name: 'weak', namespace }],
    })
    const issued = await client.send('POST', `/api/v1/namespaces/${namespace}/serviceaccounts/weak/token`, {
      spec: { expirationSeconds: 3_600 },
    })
    const weak = await as(String(issued.body.status?.['token']))
    const names = { [namespace]: 'NAMESPACE' }
    const may = async (resourceAttributes: object) =>
      (
        await weak.send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
          spec: { resourceAttributes: { namespace, ...resourceAttributes } },
        })
      ).body.status?.['allowed']
    const found = [
      issued.status,
      answer(await weak.get(p.jobs)),
      answer(await weak.send('POST', p.jobs, { metadata: { name: 'x' } }), names),
      answer(await weak.get(`${p.pods}/x/log`), names),
      answer(await weak.get(`${p.jobs}?watch=true`), names),
      answer(await weak.get(`${p.secrets}/mine`), names).status,
      answer(await weak.get(`${p.secrets}/other`), names),
      await may({ verb: 'list', group: 'batch', resource: 'jobs' }),
      await may({ verb: 'create', group: 'batch', resource: 'jobs' }),
      await may({ verb: 'get', resource: 'pods', subresource: 'log' }),
      (await (await as('nonsense')).get(p.pods)).status,
    ]
    for (const path of [
      `${rbac}/roles/reader`,
      `${rbac}/rolebindings/reader`,
      `/api/v1/namespaces/${namespace}/serviceaccounts/weak`,
    ])
      await client.send('DELETE', path)
    return found
  }),
]

/** Keys in order, so that equal objects are equal texts. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, inner]) => [key, sorted(inner)]),
  )
}
