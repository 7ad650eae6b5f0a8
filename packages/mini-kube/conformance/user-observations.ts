import type { TestObject } from '../test/test-client.ts'
import { answer, jobOf, paths, type Observation, type Stage } from './stage.ts'

const withPaths = (name: string, observe: (stage: Stage, p: ReturnType<typeof paths>) => Promise<unknown>) => ({
  name: `user: ${name}`,
  observe: (stage: Stage) => observe(stage, paths(stage.namespace)),
})

const names = (list: TestObject) => list.items?.map(({ metadata }) => metadata.name)

/** Everything of a Pod that the server fills in something for. */
const widePod = (image: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'wide' },
  spec: {
    automountServiceAccountToken: false,
    hostAliases: [{ ip: '127.0.0.1' }],
    imagePullSecrets: [{ name: 'pull' }],
    volumes: [
      { name: 'a', secret: { secretName: 's', optional: true } },
      { name: 'b', configMap: { name: 'c', items: [{ key: 'k', path: 'p' }] } },
      { name: 'c', downwardAPI: { items: [{ path: 'x', fieldRef: { fieldPath: 'metadata.name' } }] } },
      { name: 'd', emptyDir: {} },
      { name: 'e', hostPath: { path: '/x' } },
      {
        name: 'f',
        projected: {
          sources: [
            { serviceAccountToken: { path: 't' } },
            { secret: { name: 's' } },
            {
              downwardAPI: {
                items: [{ path: 'x', resourceFieldRef: { containerName: 'main', resource: 'limits.cpu' } }],
              },
            },
          ],
        },
      },
      { name: 'g', persistentVolumeClaim: { claimName: 'p' } },
      { name: 'h' },
    ],
    initContainers: [{ name: 'init', image: 'x:latest' }],
    containers: [
      {
        name: 'main',
        image,
        ports: [{ containerPort: 80 }],
        env: [
          { name: 'A', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
          { name: 'B', valueFrom: { resourceFieldRef: { resource: 'limits.cpu' } } },
        ],
        resources: { limits: { cpu: '1000m', memory: '1024Mi' } },
        livenessProbe: { httpGet: { path: '', port: 80 } },
        readinessProbe: { exec: { command: ['true'] } },
        startupProbe: { tcpSocket: { port: 80 } },
        lifecycle: { preStop: { httpGet: { port: 80 } } },
        securityContext: { privileged: false },
      },
    ],
  },
})

/** What people do with a cluster by hand, and what they are told. */
export const userObservations: Observation[] = [
  withPaths('what the server fills in', async ({ client, image }, p) => {
    const made = await client.send('POST', `${p.pods}?dryRun=All`, widePod(image))
    return [made.status, made.status === 201 ? made.body.spec : made.body]
  }),
  withPaths('ways into a container', async (stage, p) => {
    const { client } = stage
    const { spec } = jobOf(stage, 'into', "trap 'exit 0' TERM; while :; do sleep 0.05; done").spec.template
    await client.send('POST', p.pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'into' }, spec })
    await client.until(`${p.pods}?fieldSelector=metadata.name=into`, ({ status }) => status?.phase === 'Running')
    const plain = [
      answer(await client.get(`${p.pods}/into/exec?command=true`)),
      answer(await client.send('POST', `${p.pods}/into/exec?command=true`)),
      answer(await client.get(`${p.pods}/into/attach?stdout=true`)),
      answer(await client.get(`${p.pods}/into/portforward?ports=80`)),
      answer(await client.get(`${p.pods}/absent/exec?command=true`)),
      answer(await client.get(`${p.pods}/into/exec?command=true&container=other`)),
      answer(await client.get(`${p.pods}/into/exec?stdin=true`)),
    ]
    await client.send('DELETE', `${p.pods}/into?gracePeriodSeconds=0`)
    return plain
  }),
  withPaths('selectors', async ({ client }, p) => {
    const labels = [{ a: '1' }, { a: '2', b: 'x' }, { b: 'y' }, {}]
    for (const [index, own] of labels.entries())
      await client.send('POST', p.configMaps, { metadata: { name: `sel-${index}`, labels: { ...own, sel: 'yes' } } })
    const list = async (query: string) => {
      const found = await client.get(`${p.configMaps}?${query}`)
      return found.status === 200 ? names(found.body)?.filter((name) => name.startsWith('sel-')) : answer(found)
    }
    const by = (selector: string) => list(`labelSelector=${encodeURIComponent(selector)}`)
    const seen = [
      await by('sel,a in (1,2)'),
      await by('sel,a notin (1)'),
      await by('sel,!a'),
      await by('sel,a'),
      await by('sel,a!=1'),
      await by('sel,a==1'),
      await by('sel,a>1'),
      await by('a in 1'),
      await by('a=='),
      await by('a===1'),
      await by('in (a)'),
      await by('a,,b'),
      await by('-a=1'),
      await list(`fieldSelector=${encodeURIComponent('metadata.name=sel-0')}`),
      await list(`fieldSelector=${encodeURIComponent('metadata.name!=sel-0')}&labelSelector=sel`),
      await list('fieldSelector=data.x%3D1'),
      await list('fieldSelector=nonsense'),
      await list('fieldSelector=metadata.uid%3D1'),
    ]
    await client.send('DELETE', `${p.configMaps}?labelSelector=sel`)
    return seen
  }),
  withPaths('pages', async ({ client }, p) => {
    for (const index of [0, 1, 2, 3, 4])
      await client.send('POST', p.configMaps, { metadata: { name: `page-${index}`, labels: { page: 'yes' } } })
    const page = async (query: string) => {
      const { status, body } = await client.get(`${p.configMaps}?labelSelector=page&${query}`)
      if (status !== 200) return { status, reason: body.reason, message: body.message }
      return { names: names(body), left: body.metadata.remainingItemCount, more: Boolean(body.metadata.continue) }
    }
    const start = (await client.get(`${p.configMaps}?limit=2&labelSelector=page`)).body
    const token = encodeURIComponent(start.metadata.continue ?? '')
    const seen = [
      names(start),
      await page(`limit=2&continue=${token}`),
      await page(`continue=${token}`),
      await page('limit=2'),
      await page('limit=-1'),
      await page('limit=x'),
      await page('continue=nonsense'),
      await page('continue=%2B%2B'),
      await page(`limit=2&continue=${token}&resourceVersion=5`),
      await page(`limit=2&continue=${token}&resourceVersionMatch=Exact&resourceVersion=5`),
      await page('resourceVersionMatch=Exact'),
      await page('resourceVersion=0&resourceVersionMatch=Exact'),
      await page('resourceVersion=x'),
    ]
    await client.send('DELETE', `${p.configMaps}?labelSelector=page`)
    return seen
  }),
  withPaths('options that make no sense', async ({ client }, p) => {
    const body = { metadata: { name: 'options' } }
    await client.send('POST', p.configMaps, body)
    const one = `${p.configMaps}/options`
    const merge = (query: string, type: string) => client.send('PATCH', `${one}?${query}`, { data: { a: '1' } }, type)
    const seen = [
      await client.send('POST', `${p.configMaps}?dryRun=Some`, body),
      await client.send('POST', `${p.configMaps}?fieldValidation=Loud`, body),
      await client.send('POST', `${p.configMaps}?fieldManager=${'x'.repeat(129)}`, body),
      await merge('force=true', 'application/merge-patch+json'),
      await merge('', 'application/apply-patch+yaml'),
      await client.send('DELETE', one, { propagationPolicy: 'Sideways' }),
      await client.send('DELETE', one, { propagationPolicy: 'Background', orphanDependents: true }),
      await client.send('DELETE', `${one}?gracePeriodSeconds=x`),
      await client.send('POST', p.configMaps, { metadata: { generateName: 'UPPER-' } }),
      await client.send('POST', p.configMaps, {}),
      await client.send('POST', p.configMaps, { ...body, kind: 'Secret', apiVersion: 'v1' }),
      await client.send('POST', p.configMaps, { metadata: { name: 'x', namespace: 'elsewhere' } }),
      await client.send('PUT', `${p.configMaps}/other`, body),
      await client.send('PUT', `${p.configMaps}/absent-one`, { metadata: { name: 'absent-one' } }),
      await client.send('PUT', p.configMaps, body),
      await client.send('POST', `${p.pods}/x/status`, {}),
    ].map((given) => answer(given))
    await client.send('DELETE', one)
    return JSON.parse(
      JSON.stringify(seen)
        .replaceAll(/x{20,}/g, 'xx')
        .replaceAll(/UPPER-[a-z0-9]{5}/g, 'UPPER-xxxxx'),
    ) as unknown
  }),
  withPaths('an apply after updates', async ({ client, image }, p) => {
    const path = `${p.configMaps}/owned`
    const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owned' }, data: { a: '1', b: '2' } }
    const apply = (data: object, query = '', of = path) =>
      client.send('PATCH', `${of}?fieldManager=applier${query}`, { ...body, data }, 'application/apply-patch+yaml')
    // The owners of the maps and lists themselves are left out: `.` is not a field.
    const fields = (of: object, at = ''): string[] =>
      Object.entries(of as Record<string, object>).flatMap(([key, inner]) => {
        if (key === '.') return []
        const own = fields(inner, `${at}${key}`)
        return own.length > 0 || '.' in inner ? own : [`${at}${key}`]
      })
    const owners = async () =>
      (
        (await client.get(path)).body.metadata.managedFields as {
          manager: string
          operation: string
          fieldsV1: object
        }[]
      )
        .map(({ manager, operation, fieldsV1 }) =>
          [manager, operation].concat(fields(fieldsV1).filter((one) => one !== 'f:data')),
        )
        .filter(({ length }) => length > 2)
        .toSorted(([one = ''], [other = '']) => one.localeCompare(other))
    // The causes come in the order of a map, which Go draws.
    const refused = ({ status, body: { message } }: { status: number; body: TestObject }) => [status, message]
    await client.send('POST', `${p.configMaps}?fieldManager=maker`, body)
    const seen: unknown[] = [await owners()]
    await client.send('PATCH', `${path}?fieldManager=patcher`, { data: { b: '3' } }, 'application/merge-patch+json')
    seen.push(
      await owners(),
      refused(await apply({ a: '9' })),
      refused(await apply({ a: '9', b: '9' })),
      refused(await apply({ a: '8', b: '8', c: '8' })),
      refused(await apply({ a: '1', b: '3' })),
      await owners(),
      refused(await apply({ a: '9', b: '9' }, '&force=true')),
      await owners(),
    )
    await client.send('PATCH', `${path}?fieldManager=patcher`, { data: { a: null } }, 'application/merge-patch+json')
    seen.push(await owners())
    await client.send('DELETE', path)
    const pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'owned' } }
    const main = { name: 'main', image, env: [{ name: 'A', value: '1' }] }
    await client.send('POST', `${p.pods}?fieldManager=maker`, {
      ...pod,
      spec: { nodeSelector: { no: 'such' }, containers: [main] },
    })
    const other = { ...pod, spec: { containers: [{ ...main, image: 'other' }] } }
    seen.push(
      refused(
        await client.send('PATCH', `${p.pods}/owned?fieldManager=applier`, other, 'application/apply-patch+yaml'),
      ),
    )
    await client.send('DELETE', `${p.pods}/owned?gracePeriodSeconds=0`)
    return seen
  }),
  withPaths('changes that are refused', async (stage, p) => {
    const { client, namespace } = stage
    const body = jobOf(stage, 'frozen', 'true', { job: { suspend: false, parallelism: 0 } })
    const volumes = [{ name: 'v', emptyDir: {} }]
    const container = { volumeMounts: [{ name: 'v', mountPath: '/v' }], ports: [{ containerPort: 80 }] }
    const { spec } = jobOf(stage, 'x', 'true', { pod: { volumes, nodeSelector: { no: 'such' } }, container }).spec
      .template
    const job = (await client.send('POST', p.jobs, body)).body
    await client.send('POST', p.pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'frozen' }, spec })
    const change = (path: string, patch: object, type = 'strategic') =>
      client.send('PATCH', `${path}/frozen`, patch, `application/${type}-merge-patch+json`)
    const main = (more: object) => ({ containers: [{ name: 'main', ...more }] })
    const seen = [
      await change(p.jobs, { spec: { template: { spec: { restartPolicy: 'OnFailure' } } } }),
      await change(p.jobs, {
        spec: { template: { metadata: { annotations: { a: 'b' } }, spec: main({ tty: true }) } },
      }),
      await change(p.pods, { spec: { hostname: 'x' } }),
      await change(p.pods, { spec: main({ command: ['/bin/true'], tty: true }) }),
      await change(p.pods, { spec: { restartPolicy: 'Always', ...main({ image: 'other', stdin: true }) } }),
      await change(p.pods, { spec: { hostNetwork: true, securityContext: { runAsUser: 5 } } }),
    ].map((one) => answer(one, { [job.metadata.uid]: 'UID', [namespace]: 'NAMESPACE' }))
    await client.send('DELETE', `${p.jobs}/frozen`, { propagationPolicy: 'Background' })
    await client.send('DELETE', `${p.pods}/frozen?gracePeriodSeconds=0`)
    return seen
  }),
  withPaths('tables', async ({ client, namespace }, p) => {
    await client.send('POST', p.secrets, { metadata: { name: 'table' }, stringData: { a: '1' } })
    await client.send('POST', p.jobs, {
      metadata: { name: 'table' },
      spec: {
        suspend: true,
        parallelism: 3,
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'a', image: 'x' }] } },
      },
    })
    const accept = { accept: 'application/json;as=Table;v=v1;g=meta.k8s.io' }
    const table = async (path: string) => {
      const { body } = await client.get(path, accept)
      const { columnDefinitions, rows } = body as unknown as {
        columnDefinitions?: { name: string; type: string; format: string; priority: number }[]
        rows?: { cells: unknown[]; object: { kind: string } }[]
      }
      return {
        columns: columnDefinitions?.map(({ name, type, format, priority }) => [name, type, format, priority]),
        cells: rows?.map(({ cells, object }) =>
          [object?.kind ?? null].concat(cells.map((cell) => (/^\d+s$/.test(String(cell)) ? 'AGE' : (cell as string)))),
        ),
      }
    }
    const seen = [
      await table(`${p.secrets}/table`),
      await table(`${p.jobs}?fieldSelector=metadata.name%3Dtable&includeObject=Object`),
      await table(`${p.jobs}/table?includeObject=None`),
      await table(`/api/v1/namespaces/${namespace}`),
      await table(`${p.pods}?fieldSelector=metadata.name%3Dnone`),
      await table(`/api/v1/namespaces/${namespace}/serviceaccounts/default`),
      await table(`/api/v1/namespaces/${namespace}/resourcequotas?fieldSelector=metadata.name%3Dnone`),
      await table(`/api/v1/namespaces/${namespace}/events?fieldSelector=metadata.name%3Dnone`),
      await table(`/api/v1/namespaces/${namespace}/persistentvolumeclaims?fieldSelector=metadata.name%3Dnone`),
      await table(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases?fieldSelector=metadata.name%3Dnone`),
    ]
    await client.send('DELETE', `${p.secrets}/table`)
    await client.send('DELETE', `${p.jobs}/table`, { propagationPolicy: 'Background' })
    const text = JSON.stringify(seen).replaceAll(namespace, 'NAMESPACE')
    return JSON.parse(text.replaceAll(/controller-uid=[0-9a-f-]{36}/g, 'controller-uid=UID')) as unknown
  }),
  withPaths('a quota and its status', async ({ client, namespace }) => {
    const path = `/api/v1/namespaces/${namespace}/resourcequotas`
    const post = async (hard: object, extra: object = {}) =>
      client.send('POST', `${path}?dryRun=All`, { metadata: { name: 'quota' }, spec: { hard, ...extra } })
    const made = await client.send('POST', path, {
      metadata: { name: 'quota' },
      spec: { hard: { 'count/leases.coordination.k8s.io': '5', 'requests.storage': '1000Mi' } },
    })
    const status = (body: object) =>
      client.send('PATCH', `${path}/quota/status`, { status: body }, 'application/merge-patch+json')
    const seen = [
      made.body.spec,
      await status({ hard: { pods: '-1' } }),
      await status({ used: { pods: '1.5' } }),
      await status({ used: { 'not a name': '1' } }),
      await status({ used: { nonsense: '1' } }),
      await post({ pods: '-1' }),
      await post({ pods: '1.5' }),
      await post({ nonsense: '1' }),
      await post({ pods: '1' }, { scopes: ['Nonsense'] }),
      await post({ secrets: '1' }, { scopes: ['BestEffort'] }),
      await post({ pods: '1' }, { scopes: ['BestEffort', 'NotBestEffort'] }),
      await client.send('PATCH', `${path}/quota`, { spec: { scopes: ['BestEffort'] } }, 'application/merge-patch+json'),
    ]
    await client.send('DELETE', `${path}/quota`)
    return seen.map((one) => (one !== undefined && 'status' in one ? answer(one as never) : one))
  }),
]
