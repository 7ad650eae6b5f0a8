import type { TestObject } from '../test/test-client.ts'
import { distinct, jobState, plainMessage } from './normalise.ts'
import { answer, jobOf, paths, type Observation, type Stage } from './stage.ts'

type Extra = Parameters<typeof jobOf>[3]

const overWhen = ({ status }: TestObject) =>
  status?.conditions?.some((one) => ['Complete', 'Failed'].includes(one.type) && one.status === 'True') === true

interface FullStatus {
  succeeded?: number
  failed?: number
  completedIndexes?: string
  failedIndexes?: string
  conditions?: { type: string; status: string; reason?: string; message?: string }[]
}

const keys = ['batch.kubernetes.io/job-completion-index', 'batch.kubernetes.io/job-index-failure-count']

/** A pod of a Job with several, by what tells it from the others. */
function podFacts({ metadata, spec, status }: TestObject, job: string) {
  const annotations = Object.fromEntries(
    Object.entries(metadata.annotations ?? {}).filter(([key]) => key.startsWith('batch.')),
  )
  return {
    name: metadata.name.replace(/[a-z0-9]{5}$/, 'xxxxx').replace(job, 'JOB'),
    annotations,
    label: metadata.labels?.[keys[0] ?? ''],
    hostname: String(spec?.['hostname']).replace(job, 'JOB'),
    env: ((spec?.['containers'] ?? []) as { env?: object[] }[])[0]?.env,
    finalizers: metadata.finalizers,
    phase: status?.phase,
  }
}

/** Runs a Job whose pods come one after the other, and tells how it went and what it left. */
async function observePods(stage: Stage, name: string, script: string, extra: Extra) {
  const { client, namespace } = stage
  const { pods, jobs } = paths(namespace)
  const posted = await client.send('POST', jobs, jobOf(stage, name, script, extra))
  if (posted.status !== 201) throw new Error(`the Job was refused: ${JSON.stringify(posted.body)}`)
  const states: string[] = []
  const end = await client.until(`${jobs}?fieldSelector=metadata.name=${name}`, (object, type) => {
    states.push(jobState({ type, object }))
    return overWhen(object)
  })
  const left = (await client.get(`${pods}?labelSelector=job-name=${name}`)).body.items ?? []
  const status = end.status as FullStatus
  const facts = left.map((one) => podFacts(one, name))
  const text = (pod: object) => JSON.stringify(pod)
  await client.send('DELETE', `${jobs}/${name}`, { propagationPolicy: 'Background', gracePeriodSeconds: 0 })
  return {
    states: distinct(states),
    counts: [status.succeeded, status.failed, status.completedIndexes, status.failedIndexes],
    conditions: status.conditions?.map(
      ({ type, reason, message = '' }) =>
        `${type} ${reason}: ${plainMessage(message, { [namespace]: 'NAMESPACE' }).replaceAll(/\/[a-z0-9-]+ /g, '/POD ')}`,
    ),
    pods: facts.toSorted((a, b) => text(a).localeCompare(text(b))),
  }
}

const many = (name: string, script: string, extra: Extra): Observation => ({
  name: `pods: ${name}`,
  observe: (stage) => observePods(stage, name.replaceAll(' ', '-'), script, extra),
})

/** The same where what is left of the pods at that moment is a matter of chance. */
const withoutPods = (name: string, script: string, extra: Extra): Observation => ({
  name: `pods: ${name}`,
  observe: async (stage) => {
    const { pods: _left, ...facts } = await observePods(stage, name.replaceAll(' ', '-'), script, extra)
    return facts
  },
})

const indexed = { completionMode: 'Indexed', completions: 3, parallelism: 1 }
const notTheSecond = `[ "$JOB_COMPLETION_INDEX" != 1 ]`

/** Jobs of several pods: by index, by success and failure rules, as a queue of work. */
export const manyPodsObservations: Observation[] = [
  many('indexed', 'hostname; echo $JOB_COMPLETION_INDEX', { job: indexed }),
  many('indexed with a failed index', `${notTheSecond} || exit 5`, {
    job: { ...indexed, backoffLimit: undefined, backoffLimitPerIndex: 0 },
  }),
  many('indexed with retries', `${notTheSecond} || exit 5`, {
    job: { ...indexed, completions: 2, backoffLimit: undefined, backoffLimitPerIndex: 1 },
  }),
  many('indexed with too many failed indexes', 'exit 5', {
    job: { ...indexed, backoffLimit: undefined, backoffLimitPerIndex: 0, maxFailedIndexes: 1 },
  }),
  many('an index failed by policy', `${notTheSecond} || exit 42`, {
    job: {
      ...indexed,
      backoffLimit: undefined,
      backoffLimitPerIndex: 3,
      podFailurePolicy: { rules: [{ action: 'FailIndex', onExitCodes: { operator: 'In', values: [42] } }] },
    },
  }),
  many('success by policy', 'sleep 0.1', {
    job: { ...indexed, successPolicy: { rules: [{ succeededIndexes: '0-1', succeededCount: 2 }] } },
  }),
  many('a failure that is ignored', `${notTheSecond} || exit 3`, {
    job: {
      ...indexed,
      completions: 1,
      podFailurePolicy: { rules: [{ action: 'Count', onExitCodes: { operator: 'NotIn', values: [3] } }] },
    },
  }),
  many('a queue of work', 'true', { job: { completions: undefined, parallelism: 1 } }),
  many('completions one by one', 'true', { job: { completions: 2, parallelism: 1 } }),
  withoutPods('restarts over the limit', 'exit 3', {
    job: { backoffLimit: 1 },
    pod: { restartPolicy: 'OnFailure' },
  }),
  {
    name: 'pods: managed by another controller',
    observe: async (stage) => {
      const { client, namespace } = stage
      const { jobs, pods } = paths(namespace)
      const name = 'managed-elsewhere'
      const made = await client.send(
        'POST',
        jobs,
        jobOf(stage, name, 'true', { job: { managedBy: 'example.com/other' } }),
      )
      // A later Job that has finished shows that the controller had its chance.
      await observePods(stage, 'managed-here', 'true', {})
      const found = await client.get(`${jobs}/${name}`)
      const own = await client.get(`${pods}?labelSelector=job-name=${name}`)
      await client.send('DELETE', `${jobs}/${name}`, { propagationPolicy: 'Background' })
      return [made.status, found.body.status, own.body.items?.length]
    },
  },
  {
    name: 'pods: an Indexed Job made larger',
    observe: async (stage) => {
      const { client, namespace } = stage
      const { jobs } = paths(namespace)
      const name = 'elastic'
      await client.send('POST', jobs, jobOf(stage, name, 'true', { job: { ...indexed, suspend: true } }))
      const patch = (spec: object) => client.send('PATCH', `${jobs}/${name}`, { spec }, 'application/merge-patch+json')
      const alone = await patch({ completions: 4 })
      const both = await patch({ completions: 4, parallelism: 4 })
      const mode = await patch({ completionMode: 'NonIndexed' })
      const rules = await patch({ successPolicy: { rules: [{ succeededCount: 1 }] }, backoffLimitPerIndex: 1 })
      await client.send('DELETE', `${jobs}/${name}`, { propagationPolicy: 'Background' })
      return [alone, both, mode, rules].map((one) => answer(one))
    },
  },
]
