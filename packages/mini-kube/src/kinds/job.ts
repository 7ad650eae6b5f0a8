import type { Job, KubeObject } from '../types.ts'
import { defaultPodSpec } from './pod-defaults.ts'
import { ageColumn, defineResource, humanDuration, nameColumn } from './resource-definition.ts'
import { validateJob, validateJobUpdate } from './validate-job.ts'

const asJob = (object: KubeObject) => object as Job

/** The condition of this type when it is true. */
export const jobCondition = (job: Job, type: string) =>
  job.status.conditions?.find((condition) => condition.type === type && condition.status === 'True')

/** True if the Job has completed or failed. */
export const jobFinished = (job: Job) =>
  jobCondition(job, 'Complete') !== undefined || jobCondition(job, 'Failed') !== undefined

function statusText(job: Job): string {
  if (jobCondition(job, 'Complete')) return 'Complete'
  if (jobCondition(job, 'Failed')) return 'Failed'
  if (job.metadata.deletionTimestamp !== undefined) return 'Terminating'
  if (jobCondition(job, 'Suspended')) return 'Suspended'
  if (jobCondition(job, 'FailureTarget')) return 'FailureTarget'
  if (jobCondition(job, 'SuccessCriteriaMet')) return 'SuccessCriteriaMet'
  return 'Running'
}

const uidLabels = (job: Job) => ({
  'batch.kubernetes.io/controller-uid': job.metadata.uid,
  'batch.kubernetes.io/job-name': job.metadata.name,
  'controller-uid': job.metadata.uid,
  'job-name': job.metadata.name,
})

/** The defaults that the server sets for every Job. */
function defaults(object: KubeObject): void {
  const job = asJob(object)
  job.spec ??= { template: { spec: { containers: [] } } }
  const { spec } = job
  spec.template ??= { spec: { containers: [] } }
  spec.template.spec ??= { containers: [] }
  spec.template.spec.containers ??= []
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
  spec.parallelism ??= 1
  spec.backoffLimit ??= spec.backoffLimitPerIndex === undefined ? 6 : 2_147_483_647
  spec.completionMode ??= 'NonIndexed'
  spec.suspend ??= false
  spec.manualSelector ??= false
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed'
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ??= 'True'
  }
  defaultPodSpec(spec.template.spec)
}

function prepare(object: KubeObject): void {
  defaults(object)
  const job = asJob(object)
  const { spec } = job
  job.status = {}
  if (spec.manualSelector === true) return
  const { matchLabels } = spec.selector ?? {}
  spec.selector = { matchLabels: { ...matchLabels, 'batch.kubernetes.io/controller-uid': job.metadata.uid } }
  spec.template.metadata = {
    ...spec.template.metadata,
    labels: { ...spec.template.metadata?.labels, ...uidLabels(job) },
  }
}

export const job = defineResource({
  group: 'batch',
  kind: 'Job',
  plural: 'jobs',
  singular: 'job',
  categories: ['all'],
  hasStatus: true,
  hasGeneration: true,
  defaultPropagation: 'Orphan',
  selectableFields: (object) => ({ 'status.successful': String(asJob(object).status.succeeded ?? 0) }),
  prepareCreate: prepare,
  defaults,
  validate: validateJob,
  validateUpdate: validateJobUpdate,
  columns: [
    nameColumn,
    { name: 'Status', type: 'string', value: (object) => statusText(asJob(object)) },
    {
      name: 'Completions',
      type: 'string',
      value: (object) => {
        const { status, spec } = asJob(object)
        const of = (spec.parallelism ?? 1) > 1 ? ` of ${spec.parallelism}` : ''
        return `${status.succeeded ?? 0}/${spec.completions ?? `1${of}`}`
      },
    },
    {
      name: 'Duration',
      type: 'string',
      value: (object, { now }) => {
        const { startTime, completionTime } = asJob(object).status
        if (startTime === undefined) return ''
        return humanDuration((completionTime === undefined ? now : Date.parse(completionTime)) - Date.parse(startTime))
      },
    },
    ageColumn,
    {
      name: 'Containers',
      type: 'string',
      priority: 1,
      value: (object) =>
        asJob(object)
          .spec.template.spec.containers.map((container) => container.name)
          .join(','),
    },
    {
      name: 'Images',
      type: 'string',
      priority: 1,
      value: (object) =>
        asJob(object)
          .spec.template.spec.containers.map((container) => container.image)
          .join(','),
    },
    {
      name: 'Selector',
      type: 'string',
      priority: 1,
      value: (object) =>
        Object.entries(asJob(object).spec.selector?.matchLabels ?? {})
          .map(([key, value]) => `${key}=${value}`)
          .join(','),
    },
  ],
})
