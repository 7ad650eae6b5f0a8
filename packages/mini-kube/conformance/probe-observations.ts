import type { TestObject } from '../test/test-client.ts'
import { distinct, eventFacts } from './normalise.ts'
import { answer, jobOf, paths, type Observation, type Stage } from './stage.ts'

const over = ({ status }: TestObject) => status?.phase === 'Succeeded' || status?.phase === 'Failed'

interface Observed extends TestObject {
  status: NonNullable<TestObject['status']> & {
    initContainerStatuses?: { name: string; started?: boolean; ready: boolean; restartCount: number }[]
    containerStatuses?: { name: string; started?: boolean; ready: boolean; restartCount: number }[]
  }
}

/** Which containers have started and are ready, and how often they were started again. */
function readiness(object: TestObject): string {
  const { status } = object as Observed
  const one = ({ name, started = false, ready, restartCount }: { name: string } & Record<string, unknown>) =>
    `${name}${started ? ' started' : ''}${ready ? ' ready' : ''}${Number(restartCount) > 0 ? ' again' : ''}`
  const all = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
  const condition = status.conditions?.find(({ type }) => type === 'Ready')?.status
  return `${all.map((each) => one(each as never)).join(', ')} | Ready=${condition}`
}

/** Follows a pod until it satisfies the test: what of it was ready when, and what was said about it. */
async function observePod(
  stage: Stage,
  name: string,
  script: string,
  given: {
    pod?: object
    container?: object
    until?: (pod: TestObject) => boolean
    reasons: string[]
    lastOnly?: boolean
    /** No container has a readiness probe: whether one is seen between its start and its readiness is chance. */
    readyAtStart?: boolean
  },
) {
  const { client, namespace } = stage
  const { pods, events } = paths(namespace)
  const { spec } = jobOf(stage, name, script, given).spec.template
  const posted = await client.send('POST', pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec })
  if (posted.status !== 201) throw new Error(`the pod was refused: ${JSON.stringify(posted.body)}`)
  const states: string[] = []
  await client.until(`${pods}?fieldSelector=metadata.name=${name}`, (pod) => {
    if (pod.status?.containerStatuses !== undefined) {
      const state = readiness(pod)
      if (given.readyAtStart !== true || !/started(?! ready)/.test(state)) states.push(state)
    }
    return (given.until ?? over)(pod)
  })
  const said = (await client.get(`${events}?fieldSelector=involvedObject.name=${name}`)).body.items ?? []
  await client.send('DELETE', `${pods}/${name}?gracePeriodSeconds=0`)
  // It is random whether the kubelet probes once more while the container stops (and then loses what the probe prints), and
  // how the container gets to start.
  const mine = said.filter(
    ({ reason = '', message = '' }) =>
      given.reasons.includes(reason) && !message.includes('errored') && !message.endsWith(' probe failed: '),
  )
  const first = states.findIndex((state) => state.includes('started'))
  const kept = given.lastOnly === true ? states.slice(-1) : states.slice(Math.max(0, first))
  return { states: distinct(kept), events: eventFacts(mine, { [name]: 'POD' }) }
}

const probe = (name: string, script: string, given: Parameters<typeof observePod>[3]): Observation => ({
  name: `probe: ${name}`,
  observe: (stage) => observePod(stage, name.replaceAll(' ', '-'), script, given),
})

const often = { periodSeconds: 1, failureThreshold: 2 }
const words = "trap 'exit 0' TERM; while :; do sleep 0.1; done"
const shell = (script: string) => ({ exec: { command: ['/bin/sh', '-c', script] } })
const restarted = ({ status }: TestObject) => (status?.containerStatuses?.[0]?.restartCount ?? 0) > 0
const readyNow = ({ status }: TestObject) =>
  status?.conditions?.some(({ type, status: value }) => type === 'Ready' && value === 'True') === true

/** Probes, hooks, and what is refused. */
export const probeObservations: Observation[] = [
  probe('ready when a command says so', words, {
    container: { readinessProbe: { ...often, ...shell('exit 0') } },
    until: readyNow,
    lastOnly: true,
    reasons: ['Unhealthy', 'Killing'],
  }),
  probe('not ready', 'sleep 3.5', {
    container: { readinessProbe: { ...often, ...shell('echo not yet; exit 1') } },
    reasons: ['Unhealthy'],
  }),
  probe('not alive and started again', words, {
    pod: { restartPolicy: 'Always' },
    container: { livenessProbe: { ...often, ...shell('echo dead >&2; exit 1') } },
    until: restarted,
    lastOnly: true,
    reasons: ['Unhealthy', 'Killing'],
  }),
  probe('not alive and not started again', words, {
    container: { livenessProbe: { ...often, tcpSocket: { port: 1, host: '127.0.0.1' } } },
    reasons: ['Unhealthy', 'Killing'],
  }),
  probe('never up', words, {
    container: {
      startupProbe: { ...often, httpGet: { port: 1, host: '127.0.0.1', path: '/x' } },
      readinessProbe: { ...often, ...shell('exit 0') },
    },
    reasons: ['Unhealthy', 'Killing'],
  }),
  probe('a sidecar that delays the next container', 'cat /shared/up; exit 0', {
    pod: {
      volumes: [{ name: 'shared', emptyDir: {} }],
      initContainers: [
        {
          name: 'side',
          image: 'local/agent:1',
          restartPolicy: 'Always',
          command: ['/bin/sh', '-c', `sleep 1.5; touch /shared/up; ${words}`],
          startupProbe: { ...often, failureThreshold: 20, ...shell('test -e /shared/up') },
          volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
        },
      ],
    },
    container: { volumeMounts: [{ name: 'shared', mountPath: '/shared' }] },
    readyAtStart: true,
    reasons: ['Killing'],
  }),
  {
    name: 'probe: hooks at start and end',
    observe: async (stage) => {
      const { client, namespace } = stage
      const { pods } = paths(namespace)
      const shared = [{ name: 'shared', mountPath: '/shared' }]
      const hook = (text: string) => shell(`echo ${text} >> /shared/log`)
      const { spec } = jobOf(
        stage,
        'hooks',
        `trap 'cat /shared/log; exit 0' TERM; ${words.replace(/^trap.*?; /, '')}`,
        {
          pod: { volumes: [{ name: 'shared', emptyDir: {} }], terminationGracePeriodSeconds: 20 },
          container: { volumeMounts: shared, lifecycle: { postStart: hook('start'), preStop: hook('stop') } },
        },
      ).spec.template
      await client.send('POST', pods, { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'hooks' }, spec })
      await client.until(`${pods}?fieldSelector=metadata.name=hooks`, ({ status }) => status?.phase === 'Running')
      const log = client.text(`${pods}/hooks/log?follow=true`)
      await client.send('DELETE', `${pods}/hooks`)
      return (await log).body
    },
  },
  {
    name: 'probe: a runtime class that is not there',
    observe: async (stage) => {
      const { client, namespace } = stage
      const { pods } = paths(namespace)
      const { spec } = jobOf(stage, 'x', 'true').spec.template
      const post = async (extra: object) =>
        answer(
          await client.send('POST', `${pods}?dryRun=All`, {
            apiVersion: 'v1',
            kind: 'Pod',
            metadata: { name: 'classes' },
            spec: { ...spec, ...extra },
          }),
        )
      return post({ runtimeClassName: 'absent' })
    },
  },
]
