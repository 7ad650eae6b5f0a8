import { createHash } from 'node:crypto'
import { answer, paths, type Observation, type Stage } from './stage.ts'

const script = [
  "process.stdout.write('first\\n');",
  "process.stdout.write('x'.repeat(16384) + '\\n');",
  "process.stdout.write('y'.repeat(40000) + '\\n');",
  "process.stdout.write('carriage\\r\\nempty next\\n\\n');",
  'process.stdout.write(Buffer.from([0xff, 0x00, 0xe2, 0x82, 10]));',
  "process.stdout.write('no newline');",
].join('')

const digest = (text: string) => `${text.length} ${createHash('sha256').update(text).digest('hex').slice(0, 16)}`

async function finishedPod({ client, namespace, image }: Stage, name: string, container: object) {
  const { pods } = paths(namespace)
  const spec = {
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    containers: [{ name: 'main', image, ...container }],
  }
  await client.send('POST', pods, { metadata: { name }, spec })
  await client.until(`${pods}?fieldSelector=metadata.name=${name}`, (pod) =>
    ['Succeeded', 'Failed'].includes(pod.status?.phase ?? ''),
  )
  return `${pods}/${name}`
}

/** Log bytes and log answers. */
export const logObservations: Observation[] = [
  {
    name: 'log: bytes of an ended container',
    observe: async (stage) => {
      const path = await finishedPod(stage, 'log-bytes', { command: ['node', '-e', script] })
      const text = async (query: string) => (await stage.client.text(`${path}/log?${query}`)).body
      const whole = await text('')
      const stamped = await text('timestamps=true')
      const found = {
        whole: digest(whole),
        follow: digest(await text('follow=true')),
        unstamped: digest(stamped.replaceAll(/^\d{4}-\d\d-\d\dT[\d:.]+Z /gm, '')),
        stamps: (stamped.match(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}Z /gm) ?? []).length,
        tail1: digest(await text('tailLines=1')),
        tail3: digest(await text('tailLines=3')),
        tail0: await text('tailLines=0'),
        limit: await text('limitBytes=4'),
        future: await text('sinceTime=2999-01-01T00:00:00Z'),
        sinceLong: digest(await text('sinceTime=2020-01-01T00:00:00Z')),
      }
      await stage.client.send('DELETE', path)
      return found
    },
  },
  {
    name: 'log: refusals',
    observe: async (stage) => {
      const path = await finishedPod(stage, 'log-refusals', { command: ['/bin/sh', '-c', 'echo hi'] })
      const get = async (query: string) => answer(await stage.client.get(`${path}/log?${query}`))
      const found = [
        await get('container=zzz'),
        await get('previous=true'),
        await get('sinceSeconds=1&sinceTime=2026-11-21T10:00:00Z'),
        await get('stream=Stdout'),
        await get('sinceSeconds=0'),
        await get('tailLines=-1'),
        (await get('sinceSeconds=1.5')).status,
        (await get('sinceTime=2026-11-21')).status,
      ]
      await stage.client.send('DELETE', path)
      return found
    },
  },
  {
    name: 'log: containers that have none',
    observe: async (stage) => {
      const { client, namespace, image } = stage
      const { pods } = paths(namespace)
      const make = (name: string, spec: object) =>
        client.send('POST', pods, {
          metadata: { name },
          spec: {
            restartPolicy: 'Never',
            automountServiceAccountToken: false,
            terminationGracePeriodSeconds: 0,
            ...spec,
          },
        })
      await make('none-two', {
        nodeSelector: { no: 'where' },
        containers: [
          { name: 'a', image },
          { name: 'b', image },
        ],
      })
      await make('none-config', {
        containers: [{ name: 'main', image, command: ['true'], envFrom: [{ secretRef: { name: 'absent' } }] }],
      })
      await make('none-start', { containers: [{ name: 'main', image, command: ['/no/such'] }] })
      const waiting =
        (reason: string) => (pod: { status?: { containerStatuses?: { state: { waiting?: { reason: string } } }[] } }) =>
          pod.status?.containerStatuses?.[0]?.state.waiting?.reason === reason
      await client.until(`${pods}?fieldSelector=metadata.name=none-config`, waiting('CreateContainerConfigError'))
      await client.until(`${pods}?fieldSelector=metadata.name=none-start`, (pod) => pod.status?.phase === 'Failed')
      const found = [
        answer(await client.get(`${pods}/none-two/log`)),
        (await client.text(`${pods}/none-two/log?container=a`)).status,
        answer(await client.get(`${pods}/none-config/log`)),
        await client.text(`${pods}/none-start/log`),
      ]
      for (const name of ['none-two', 'none-config', 'none-start'])
        await client.send('DELETE', `${pods}/${name}`, { gracePeriodSeconds: 0 })
      return found
    },
  },
]
