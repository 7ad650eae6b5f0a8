import { jobOf, observeJob, paths, type Observation, type RunOptions, type Stage, type Watching } from './stage.ts'

const lastWords = "trap 'echo last words; exit 0' TERM; echo up; while :; do sleep 0.1; done"
const deaf = "trap '' TERM; echo up; while :; do sleep 0.1; done"
const onlyWhenOver = { podReplacementPolicy: 'Failed' }

type Extra = Parameters<typeof jobOf>[3]

const job = (name: string, script: string, extra: Extra = {}, options: RunOptions = {}): Observation => ({
  name: `job: ${name}`,
  observe: (stage) => observeJob(stage, jobOf(stage, name.toLowerCase().replaceAll(' ', '-'), script, extra), options),
})

const waitingFor = (reason: string) => (watching: Watching) =>
  watching.pod((pod) => pod.status?.containerStatuses?.[0]?.state.waiting?.reason === reason)

const removePod = async ({ client, namespace }: Stage, watching: Watching) => {
  const pod = await watching.up()
  await client.send('DELETE', `${paths(namespace).pods}/${pod.metadata.name}`)
}

const evict = async ({ client, namespace }: Stage, watching: Watching) => {
  const { name } = (await watching.up()).metadata
  await client.send('POST', `${paths(namespace).pods}/${name}/eviction`, {
    apiVersion: 'policy/v1',
    kind: 'Eviction',
    metadata: { name, namespace },
  })
}

const removeJob =
  (propagationPolicy: string) =>
  async ({ client, namespace }: Stage, watching: Watching) => {
    await watching.up()
    await client.send('DELETE', `${paths(namespace).jobs}/${watching.name}`, { propagationPolicy })
  }

const podGone = (watching: Watching) =>
  Promise.all([watching.pod((_, type) => type === 'DELETED'), watching.job((_, type) => type === 'DELETED')])

const podGoneAndOver = (watching: Watching) =>
  Promise.all([
    watching.pod((_, type) => type === 'DELETED'),
    watching.job(
      (one) => one.status?.conditions?.some((condition) => ['Complete', 'Failed'].includes(condition.type)) === true,
    ),
  ])

const addSecret =
  (reason: string, secret: string) =>
  async ({ client, namespace }: Stage, watching: Watching) => {
    await watching.pod((pod) => pod.status?.containerStatuses?.[0]?.state.waiting?.reason === reason)
    await client.send('POST', paths(namespace).secrets, { metadata: { name: secret }, stringData: { KEY: 'value' } })
  }

/** Runs of Jobs: every status transition, condition, Event and log that the packages go by. */
export const jobObservations: Observation[] = [
  job('succeeds', 'echo one; sleep 1; echo two'),
  job('fails', 'echo why; exit 3', { container: { terminationMessagePolicy: 'FallbackToLogsOnError' } }),
  job('ends by its own code 143', 'exit 143'),
  job('writes a termination message', 'echo because > /dev/termination-log; exit 1'),
  job('cannot start', '', { container: { command: ['/no/such/program'] } }),
  job('has a directory for a command', '', { container: { command: ['/etc'] } }),
  job('has a failing init container', 'echo never', {
    pod: {
      initContainers: [{ name: 'init', image: 'local/agent:1', command: ['/bin/sh', '-c', 'sleep 1.5; exit 5'] }],
    },
  }),
  job(
    'has init container and sidecar',
    'cat /shared/word; sleep 1.5',
    {
      pod: {
        volumes: [{ name: 'shared', emptyDir: {} }],
        initContainers: [
          {
            name: 'side',
            image: 'local/agent:1',
            restartPolicy: 'Always',
            command: ['/bin/sh', '-c', "trap 'exit 0' TERM; while :; do sleep 0.1; done"],
          },
          {
            name: 'init',
            image: 'local/agent:1',
            command: ['/bin/sh', '-c', 'echo hello > /shared/word; sleep 1.5'],
            volumeMounts: [{ name: 'shared', mountPath: '/shared' }],
          },
        ],
      },
      container: { volumeMounts: [{ name: 'shared', mountPath: '/shared' }] },
    },
    { log: false },
  ),
  job(
    'loses its pod to a delete',
    lastWords,
    { job: onlyWhenOver },
    { action: removePod, until: podGoneAndOver, log: false },
  ),
  job(
    'loses a deaf pod to a delete',
    deaf,
    { job: onlyWhenOver },
    { action: removePod, until: podGoneAndOver, log: false },
  ),
  job(
    'loses its pod to an eviction',
    deaf,
    { job: onlyWhenOver },
    { action: evict, until: podGoneAndOver, log: false },
  ),
  job('is deleted in the foreground', lastWords, {}, { action: removeJob('Foreground'), until: podGone }),
  job('is deleted in the background', lastWords, {}, { action: removeJob('Background'), until: podGone }),
  job('is over its pods deadline', deaf, { pod: { activeDeadlineSeconds: 5 } }),
  job('is over its own deadline', deaf, { job: { activeDeadlineSeconds: 5 } }),
  job('fails once and is tried again', 'exit 1', { job: { backoffLimit: 1 } }),
  job('is failed by its podFailurePolicy', 'exit 42', {
    job: {
      backoffLimit: 3,
      podFailurePolicy: {
        rules: [{ action: 'FailJob', onExitCodes: { containerName: 'main', operator: 'In', values: [42] } }],
      },
    },
  }),
  job('is collected at once after its end', 'echo hi', { job: { ttlSecondsAfterFinished: 0 } }, { until: podGone }),
  job(
    'waits for the Secret of its environment',
    'echo $KEY',
    { container: { envFrom: [{ secretRef: { name: 'late-env' } }] } },
    {
      action: addSecret('CreateContainerConfigError', 'late-env'),
    },
  ),
  job(
    'waits for the Secret of its volume',
    'cat /secret/KEY',
    {
      pod: { volumes: [{ name: 'v', secret: { secretName: 'late-mount' } }] },
      container: { volumeMounts: [{ name: 'v', mountPath: '/secret' }] },
    },
    {
      action: async (stage, watching) => {
        await stage.client.until(
          paths(stage.namespace).events,
          (event) => event['reason'] === 'FailedMount' && event.metadata.name.startsWith(watching.name),
        )
        await addSecret('ContainerCreating', 'late-mount')(stage, watching)
      },
    },
  ),
  job(
    'has an image that may not be pulled',
    '',
    { container: { image: 'local/absent:1', imagePullPolicy: 'Never' } },
    { until: waitingFor('ErrImageNeverPull'), log: false },
  ),
  job(
    'has an invalid image name',
    '',
    { container: { image: 'UPPER/Case:x y' } },
    { until: waitingFor('InvalidImageName'), log: false },
  ),
  job(
    'asks for too much',
    '',
    { container: { resources: { requests: { cpu: '5000' } } } },
    {
      until: (watching) => watching.pod((pod) => pod.status?.conditions?.[0]?.reason === 'Unschedulable'),
      log: false,
    },
  ),
  job(
    'has no service account',
    '',
    { pod: { serviceAccountName: 'absent' } },
    {
      until: async (watching) => watching.job((one) => one.status?.['startTime'] !== undefined),
      log: false,
    },
  ),
  job(
    'is resumed',
    'echo hi',
    { job: { suspend: true } },
    {
      action: async ({ client, namespace }, watching) => {
        await watching.job((one) => one.status?.conditions?.[0]?.type === 'Suspended')
        await client.send(
          'PATCH',
          `${paths(namespace).jobs}/${watching.name}`,
          { spec: { suspend: false } },
          'application/merge-patch+json',
        )
      },
    },
  ),
  job(
    'is suspended while it runs',
    "trap 'exit 0' TERM; echo up; while :; do sleep 0.05; done",
    {},
    {
      action: async ({ client, namespace }, watching) => {
        const path = `${paths(namespace).jobs}/${watching.name}`
        const suspend = (value: boolean) =>
          client.send('PATCH', path, { spec: { suspend: value } }, 'application/merge-patch+json')
        const first = await watching.up()
        await suspend(true)
        await watching.pod((_, type) => type === 'DELETED')
        await suspend(false)
        await watching.pod((pod) => pod.metadata.name !== first.metadata.name && pod.status?.phase === 'Running')
      },
      until: async () => undefined,
      log: false,
    },
  ),
]
