import type { TestObject } from '../test/test-client.ts'
import { answer, paths, type Observation } from './stage.ts'

/** The least container, pod and Job, with what is to be looked at put in. */
const c = { name: 'a', image: 'local/agent:1' }
const pod = (name: string, spec: object = {}, container: object = {}, metadata: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, ...metadata },
  spec: { restartPolicy: 'Never', containers: [{ ...c, ...container }], ...spec },
})
const job = (name: string, spec: object = {}, podSpec: object = {}, container: object = {}) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { name },
  spec: { template: { spec: { restartPolicy: 'Never', containers: [{ ...c, ...container }], ...podSpec } }, ...spec },
})

/** Where a body is posted, the body, and more of the query. */
type Post = [collection: 'pods' | 'jobs' | 'configMaps' | 'secrets', body: unknown, query?: string]

const posts: Readonly<Record<string, Post[]>> = {
  'fields that do not exist': [
    ['pods', pod('a', { foo: 1 }, { bar: 2 }), '&fieldValidation=Strict'],
    ['pods', pod('a', { foo: 1 }, { bar: 2 }), '&fieldValidation=Warn'],
    ['pods', pod('a', { foo: 1 }, { bar: 2 })],
    ['pods', pod('a', { foo: 1 }, { bar: 2 }), '&fieldValidation=Ignore'],
    ['jobs', { ...job('a'), extra: 1 }, '&fieldValidation=Strict'],
    [
      'configMaps',
      { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', foo: 'x' }, dat: {} },
      '&fieldValidation=Strict',
    ],
  ],
  'values of a wrong type': [
    ['jobs', job('a', { backoffLimit: 'x' })],
    ['pods', pod('a', {}, { image: 5 })],
    ['pods', pod('a', { containers: {} })],
    ['pods', pod('a', {}, { command: 'echo' })],
    ['pods', pod('a', {}, { env: [{ name: 'A', value: 1 }] })],
    ['pods', pod('a', { hostNetwork: 'yes' })],
    ['jobs', job('a', { backoffLimit: 1.5 })],
    ['configMaps', { metadata: { name: 'a', labels: { x: 1 } } }],
    ['configMaps', { metadata: { name: 'a' }, data: { x: 1 } }],
    ['secrets', { metadata: { name: 'a' }, data: { x: '***' } }],
    ['configMaps', { metadata: { name: 'a', labels: null, creationTimestamp: null }, data: { a: null } }],
  ],
  amounts: [
    ['pods', pod('a', {}, { resources: { requests: { cpu: 'abc' } } })],
    ['pods', pod('a', {}, { resources: { requests: { memory: '1GB' } } })],
    ['pods', pod('a', {}, { resources: { requests: { cpu: 1 } } })],
    ['pods', pod('a', {}, { resources: { requests: { cpu: '-1' } } })],
    ['pods', pod('a', {}, { resources: { requests: { cpu: '2' }, limits: { cpu: '1' } } })],
    ['pods', pod('a', {}, { resources: { requests: { foo: '1' } } })],
    ['pods', pod('a', {}, { resources: { requests: { 'example.com/gpu': '1' } } })],
    ['pods', pod('a', {}, { resources: { requests: { cpu: '0.1m' } } })],
  ],
  'a Pod': [
    ['pods', pod('a', { containers: [] })],
    ['pods', { metadata: { name: 'a' } }],
    ['pods', pod('a', { containers: [{ image: 'x' }] })],
    ['pods', pod('a', {}, { name: 'A_b' })],
    ['pods', pod('a', { containers: [{ name: 'x' }] })],
    ['pods', pod('a', { containers: [c, c] })],
    ['pods', pod('a', {}, { image: ' x ' })],
    ['pods', pod('a', { restartPolicy: 'Sometimes' })],
    ['pods', pod('a', {}, { imagePullPolicy: 'Sometimes' })],
    ['pods', pod('a', { dnsPolicy: 'X' })],
    ['pods', pod('a', { terminationGracePeriodSeconds: -5 })],
    ['pods', pod('a', { activeDeadlineSeconds: 0 })],
    ['pods', pod('a', {}, { ports: [{ containerPort: 0 }] })],
    ['pods', pod('a', { securityContext: { runAsUser: -1 } })],
    ['pods', pod('a', { securityContext: { runAsUser: 0, runAsNonRoot: true } })],
    ['pods', pod('a', {}, { terminationMessagePolicy: 'X' })],
    ['pods', pod('a', { initContainers: [{ ...c, name: 'i', restartPolicy: 'Never' }] })],
    ['pods', pod('a', { tolerations: [{ key: 'a', operator: 'Bad' }] })],
  ],
  environments: [
    ['pods', pod('a', {}, { env: [{ value: 'x' }] })],
    ['pods', pod('a', {}, { env: [{ name: 'a=b', value: 'x' }] })],
    ['pods', pod('a', {}, { env: [{ name: 'A', value: 'x', valueFrom: { secretKeyRef: { name: 's', key: 'k' } } }] })],
    ['pods', pod('a', {}, { env: [{ name: 'A', valueFrom: {} }] })],
    ['pods', pod('a', {}, { env: [{ name: 'A', valueFrom: { fieldRef: { fieldPath: 'spec.foo' } } }] })],
    ['pods', pod('a', {}, { env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 's' } } }] })],
  ],
  'volumes and mounts': [
    ['pods', pod('a', {}, { volumeMounts: [{ name: 'v', mountPath: '/v' }] })],
    ['pods', pod('a', { volumes: [{ name: 'v', emptyDir: {} }] }, { volumeMounts: [{ name: 'v' }] })],
    [
      'pods',
      pod(
        'a',
        { volumes: [{ name: 'v', emptyDir: {} }] },
        {
          volumeMounts: [
            { name: 'v', mountPath: '/a' },
            { name: 'v', mountPath: '/a' },
          ],
        },
      ),
    ],
    [
      'pods',
      pod('a', {
        volumes: [
          { name: 'v', emptyDir: {} },
          { name: 'v', emptyDir: {} },
        ],
      }),
    ],
    ['pods', pod('a', { volumes: [{ name: 'v', emptyDir: {}, secret: { secretName: 's' } }] })],
    ['pods', pod('a', { volumes: [{ name: 'v' }] })],
    ['pods', pod('a', { volumes: [{ name: 'V_', emptyDir: {} }] })],
    ['pods', pod('a', { volumes: [{ name: 'v', secret: {} }] })],
    ['pods', pod('a', { volumes: [{ name: 'v', persistentVolumeClaim: {} }] })],
  ],
  metadata: [
    ['pods', pod('Bad_Name')],
    ['pods', pod('x'.repeat(254))],
    ['pods', pod('a', {}, {}, { labels: { 'a b': 'x' } })],
    ['pods', pod('a', {}, {}, { labels: { a: 'x y' } })],
    ['pods', pod('a', {}, {}, { labels: { a: 'x'.repeat(64) } })],
    ['pods', pod('a', {}, {}, { labels: { 'A_/b': 'x' } })],
    ['pods', pod('a', {}, {}, { annotations: { 'a b': 'x' } })],
    ['pods', pod('a', {}, {}, { ownerReferences: [{ kind: 'Job', name: 'x' }] })],
    ['pods', pod('a', {}, {}, { finalizers: ['bad'] })],
  ],
  'a Job': [
    [
      'jobs',
      job('a', {
        backoffLimit: -1,
        parallelism: -2,
        completions: -3,
        activeDeadlineSeconds: -4,
        ttlSecondsAfterFinished: -5,
      }),
    ],
    ['jobs', job('a', {}, { restartPolicy: 'Always' })],
    ['jobs', { metadata: { name: 'a' }, spec: { template: { spec: { containers: [c] } } } }],
    ['jobs', { metadata: { name: 'a' }, spec: {} }],
    ['jobs', { metadata: { name: 'a' } }],
    ['jobs', job('a', {}, {}, { image: '' })],
    ['jobs', job('a', { podFailurePolicy: { rules: [{ action: 'Nope', onPodConditions: [{ type: 'X' }] }] } })],
    [
      'jobs',
      job(
        'a',
        { podFailurePolicy: { rules: [{ action: 'FailJob', onPodConditions: [{ type: 'X' }] }] } },
        { restartPolicy: 'OnFailure' },
      ),
    ],
    [
      'jobs',
      job('a', { podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [] } }] } }),
    ],
    [
      'jobs',
      job('a', {
        podFailurePolicy: { rules: [{ action: 'FailJob', onExitCodes: { operator: 'In', values: [0, 3] } }] },
      }),
    ],
    ['jobs', job('a', { podReplacementPolicy: 'X' })],
    [
      'jobs',
      job('a', {
        podReplacementPolicy: 'TerminatingOrFailed',
        podFailurePolicy: { rules: [{ action: 'FailJob', onPodConditions: [{ type: 'X' }] }] },
      }),
    ],
    ['jobs', job('a', { completionMode: 'X' })],
    ['jobs', job('a', { completionMode: 'Indexed' })],
    ['jobs', job('a', { selector: { matchLabels: { a: 'b' } } })],
    ['jobs', job('a', { managedBy: 'bad' })],
    ['jobs', job('x'.repeat(64))],
  ],
  'maps and Secrets': [
    ['configMaps', { metadata: { name: 'a' }, data: { 'a b': 'x' } }],
    ['configMaps', { metadata: { name: 'a' }, data: { ['x'.repeat(254)]: 'x' } }],
    ['configMaps', { metadata: { name: 'a' }, data: { '..': 'x' } }],
    ['configMaps', { metadata: { name: 'a' }, data: { a: 'x' }, binaryData: { a: 'eA==' } }],
    ['configMaps', { metadata: { name: 'a' }, data: { a: 'x'.repeat(1_100_000) } }],
    ['secrets', { metadata: { name: 'a' }, stringData: { 'a b': 'x' } }],
    ['secrets', { metadata: { name: 'a' }, type: 'kubernetes.io/tls', stringData: { a: 'x' } }],
    ['secrets', { metadata: { name: 'a' }, type: 'kubernetes.io/dockerconfigjson', stringData: { a: 'x' } }],
    ['secrets', { metadata: { name: 'a' }, type: 'kubernetes.io/basic-auth', stringData: { a: 'x' } }],
  ],
  'bodies and options': [
    ['pods', pod('a'), '&fieldValidation=Bogus'],
    ['pods', ''],
    ['pods', 'hello'],
    ['pods', '[]'],
    ['pods', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } }],
    ['pods', { apiVersion: 'v2', kind: 'Pod', metadata: { name: 'a' } }],
    ['pods', pod('a'), '&dryRun=Some'],
  ],
}

/** What the server says to bodies that are not as they should be; nothing of them is kept. */
const ofBodies: Observation[] = Object.entries(posts).map(([what, list]) => ({
  name: `validation: ${what}`,
  observe: async ({ client, namespace }) => {
    const answers: unknown[] = []
    for (const [collection, body, query = ''] of list) {
      const given = await client.send('POST', `${paths(namespace)[collection]}?dryRun=All${query}`, body)
      const warning = given.headers.get('warning')
      answers.push({ ...answer(given), ...(warning === null ? {} : { warning }) })
    }
    return answers
  },
}))

/** A refusal of a patch, without the object that it shows. */
const withoutObject = (given: { status: number; body: TestObject }) => {
  const { message = '' } = given.body
  return [given.status, given.body.reason, given.status < 400 ? '' : message.replace(/^.*\}": /s, '')]
}

const ofPatches: Observation = {
  name: 'validation: patches and updates',
  observe: async ({ client, namespace }) => {
    const { configMaps } = paths(namespace)
    const path = `${configMaps}/checked`
    const map = (more: object) => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'checked' }, ...more })
    await client.send('POST', configMaps, map({ data: { a: '1' } }))
    const patch = (body: unknown, type: string, query = '') =>
      client.send('PATCH', `${path}?dryRun=All${query}`, body, `application/${type}`)
    const seen = [
      withoutObject(await patch({ foo: 1, metadata: { bar: 1 } }, 'merge-patch+json', '&fieldValidation=Strict')),
      (await patch({ foo: 1 }, 'merge-patch+json')).headers.get('warning'),
      (await patch({ foo: 1 }, 'merge-patch+json', '&fieldValidation=Ignore')).headers.get('warning'),
      withoutObject(await patch({ data: { a: 1 } }, 'merge-patch+json')),
      answer(await patch('hello', 'merge-patch+json')),
      answer(await patch('[]', 'merge-patch+json')),
      answer(await patch({ metadata: { uid: 'x' } }, 'merge-patch+json')),
      answer(await patch({ metadata: { name: 'x' } }, 'merge-patch+json')),
      withoutObject(await patch([{ op: 'add', path: '/foo', value: 1 }], 'json-patch+json', '&fieldValidation=Strict')),
      answer(await patch([{ op: 'remove', path: '/data/none' }], 'json-patch+json')),
      answer(await patch([{ op: 'zap', path: '/data/a' }], 'json-patch+json')),
      answer(await patch({ foo: 1 }, 'strategic-merge-patch+json', '&fieldValidation=Strict')),
      answer(await patch(map({ foo: 1 }), 'apply-patch+yaml', '&fieldManager=x')),
      answer(await patch(map({}), 'apply-patch+yaml')),
      answer(await patch({ metadata: { name: 'checked' } }, 'apply-patch+yaml', '&fieldManager=x')),
      answer(await client.send('PUT', `${path}?fieldValidation=Strict`, map({ foo: 1 }))),
      answer(await client.send('PUT', path, { metadata: {} })),
      answer(await client.send('PUT', path, map({ metadata: { name: 'checked', resourceVersion: 'abc' } }))),
      answer(await client.send('DELETE', `${path}?propagationPolicy=X`)),
      answer(await client.send('DELETE', path, { orphanDependents: true, propagationPolicy: 'Orphan' })),
      ...(await Promise.all(
        [
          'labelSelector=a in b',
          'labelSelector=!!',
          'fieldSelector=foo',
          'limit=x',
          'resourceVersion=abc',
          'resourceVersionMatch=Exact',
          'resourceVersion=1&resourceVersionMatch=Foo',
        ].map(async (query) => answer(await client.get(`${configMaps}?${encodeURI(query)}`))),
      )),
    ]
    await client.send('DELETE', path)
    return seen
  },
}

export const validationObservations: Observation[] = [...ofBodies, ofPatches]
