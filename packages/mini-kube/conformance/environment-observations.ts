import type { TestObject } from '../test/test-client.ts'
import { jobOf, paths, type Observation, type Stage } from './stage.ts'

/** Runs a pod to its end and gives its log, and the bare pod. */
async function runPod(stage: Stage, name: string, script: string, pod: object, container: object): Promise<string> {
  const { client, namespace } = stage
  const { pods } = paths(namespace)
  const { spec } = jobOf(stage, name, script, { pod, container }).spec.template
  const metadata = {
    name,
    labels: { app: 'x', tier: 'a.b' },
    annotations: { note: 'two\nlines "quoted"' },
  }
  const posted = await client.send('POST', pods, { apiVersion: 'v1', kind: 'Pod', metadata, spec })
  if (posted.status !== 201) throw new Error(`the pod was refused: ${JSON.stringify(posted.body)}`)
  const over = ({ status }: TestObject) => status?.phase === 'Succeeded' || status?.phase === 'Failed'
  await client.until(`${pods}?fieldSelector=metadata.name=${name}`, over)
  const { body } = await client.text(`${pods}/${name}/log`)
  await client.send('DELETE', `${pods}/${name}?gracePeriodSeconds=0`)
  return body
}

const observation = (name: string, observe: (stage: Stage) => Promise<unknown>): Observation => ({
  name: `environment: ${name}`,
  observe,
})

const field = (name: string, fieldPath: string) => ({ name, valueFrom: { fieldRef: { fieldPath } } })
const amount = (name: string, resource: string, divisor?: string) => ({
  name,
  valueFrom: { resourceFieldRef: { resource, ...(divisor === undefined ? {} : { divisor }) } },
})

/** What a container finds in its environment and its volumes. */
export const environmentObservations: Observation[] = [
  observation('fields and amounts', (stage) =>
    runPod(
      stage,
      'env-fields',
      'echo "$NAME|$LABEL|$NOTE|$ACCOUNT|$CPU|$MILLI|$MEMORY|$MEBI|$REQUEST|$EPHEMERAL"',
      {},
      {
        resources: { requests: { cpu: '10m', memory: '1536Ki' }, limits: { cpu: '1500m', memory: '128Mi' } },
        env: [
          field('NAME', 'metadata.name'),
          field('LABEL', "metadata.labels['app']"),
          field('NOTE', "metadata.annotations['note']"),
          field('ACCOUNT', 'spec.serviceAccountName'),
          amount('CPU', 'limits.cpu'),
          amount('MILLI', 'limits.cpu', '1m'),
          amount('MEMORY', 'limits.memory'),
          amount('MEBI', 'limits.memory', '1Mi'),
          amount('REQUEST', 'requests.memory', '1Mi'),
          amount('EPHEMERAL', 'requests.cpu', '1m'),
        ],
      },
    ),
  ),
  observation('order, prefixes and references', async (stage) => {
    const { configMaps, secrets } = paths(stage.namespace)
    await stage.client.send('POST', configMaps, {
      metadata: { name: 'env-map' },
      data: { A: 'map-a', B: 'map-b', 'not-a-name': '1', '1ST': 'x' },
    })
    await stage.client.send('POST', secrets, { metadata: { name: 'env-secret' }, stringData: { B: 'secret-b' } })
    const log = await runPod(
      stage,
      'env-order',
      'echo "$A|$B|$P_A|$C|$D|$E|$F|$OPTIONAL"; env | grep -c "^not-a-name=\\|^1ST="',
      {},
      {
        envFrom: [
          { configMapRef: { name: 'env-map' } },
          { secretRef: { name: 'env-secret' } },
          { prefix: 'P_', configMapRef: { name: 'env-map' } },
          { configMapRef: { name: 'absent', optional: true } },
        ],
        env: [
          { name: 'C', value: '$(A)-$(MISSING)-$$(A)' },
          { name: 'D', value: '$(C)' },
          { name: 'E', value: '$(LATER)' },
          { name: 'LATER', value: 'late' },
          { name: 'F', valueFrom: { configMapKeyRef: { name: 'env-map', key: 'absent', optional: true } } },
          { name: 'OPTIONAL', valueFrom: { secretKeyRef: { name: 'absent', key: 'x', optional: true } } },
        ],
      },
    )
    await stage.client.send('DELETE', `${configMaps}/env-map`)
    await stage.client.send('DELETE', `${secrets}/env-secret`)
    return log
  }),
  observation('arguments', (stage) =>
    runPod(
      stage,
      'env-arguments',
      '',
      {},
      {
        command: ['/bin/sh', '-c', 'echo "$0|$1|$2|$3"', '$(A)'],
        args: ['$(A) b', '$$(A)', '$(MISSING)'],
        env: [{ name: 'A', value: 'x y' }],
      },
    ),
  ),
  observation('a projected volume', async (stage) => {
    const { configMaps, secrets } = paths(stage.namespace)
    await stage.client.send('POST', configMaps, { metadata: { name: 'vol-map' }, data: { a: 'map-a\n' } })
    await stage.client.send('POST', secrets, { metadata: { name: 'vol-secret' }, stringData: { b: 'secret-b\n' } })
    const log = await runPod(
      stage,
      'vol-projected',
      'cd /all && cat here/a deep/b && cat labels && echo && cat note && echo && cat cpu && echo && cat ns && echo && for f in here/a deep/b labels; do stat -L -c "%a %n" $f; done',
      {
        volumes: [
          {
            name: 'all',
            projected: {
              defaultMode: 0o640,
              sources: [
                { configMap: { name: 'vol-map', items: [{ key: 'a', path: 'here/a', mode: 0o444 }] } },
                { secret: { name: 'vol-secret', items: [{ key: 'b', path: 'deep/b' }] } },
                { secret: { name: 'absent', optional: true } },
                {
                  downwardAPI: {
                    items: [
                      { path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } },
                      { path: 'note', fieldRef: { fieldPath: 'metadata.annotations' } },
                      {
                        path: 'cpu',
                        resourceFieldRef: { containerName: 'main', resource: 'limits.cpu', divisor: '1m' },
                      },
                      { path: 'ns', fieldRef: { fieldPath: 'metadata.name' } },
                    ],
                  },
                },
              ],
            },
          },
        ],
      },
      { volumeMounts: [{ name: 'all', mountPath: '/all' }], resources: { limits: { cpu: '250m' } } },
    )
    await stage.client.send('DELETE', `${configMaps}/vol-map`)
    await stage.client.send('DELETE', `${secrets}/vol-secret`)
    return log.split('\n').filter((line) => !line.startsWith('kubernetes.io/'))
  }),
  observation('one file of a volume, and an emptyDir between containers', async (stage) => {
    const { configMaps } = paths(stage.namespace)
    await stage.client.send('POST', configMaps, { metadata: { name: 'sub-map' }, data: { a: 'one\n', b: 'two\n' } })
    const log = await runPod(
      stage,
      'vol-sub',
      'cat /etc/own/a /shared/from-init; ls /data; echo $HOME_OF',
      {
        volumes: [
          { name: 'map', configMap: { name: 'sub-map' } },
          { name: 'empty', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
        ],
        initContainers: [
          {
            name: 'init',
            image: stage.image,
            command: ['/bin/sh', '-c', 'echo from-init > /shared/from-init; mkdir -p /shared/sub; touch /shared/sub/x'],
            volumeMounts: [{ name: 'empty', mountPath: '/shared' }],
          },
        ],
      },
      {
        volumeMounts: [
          { name: 'map', mountPath: '/etc/own/a', subPath: 'a' },
          { name: 'empty', mountPath: '/shared' },
          { name: 'empty', mountPath: '/data', subPathExpr: '$(SUB)' },
        ],
        env: [{ name: 'SUB', value: 'sub' }],
      },
    )
    await stage.client.send('DELETE', `${configMaps}/sub-map`)
    return log
  }),
]
