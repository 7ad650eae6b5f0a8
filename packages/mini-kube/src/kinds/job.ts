import { fieldInvalid, fieldUnsupported, type StatusCause } from '../api-error.ts'
import type { Job, KubeObject } from '../types.ts'
import { defaultPodSpec, validatePodSpec } from './pod-defaults.ts'
import { ageColumn, defineResource, humanDuration, nameColumn, sameJson } from './resource-definition.ts'

const asJob = (object: KubeObject) => object as Job

/** The condition of this type when it is true. */
export const jobCondition = (job: Job, type: string) =>
  job.status.conditions?.find((condition) => condition.type === type && condition.status === 'True')

/** True when the Job has ended, one way or the other. */
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

function prepare(object: KubeObject): void {
  const job = asJob(object)
  job.status = {}
  const { spec } = job
  if (typeof spec?.template?.spec !== 'object') return
  spec.template.spec.containers ??= []
  if (spec.completions === undefined && spec.parallelism === undefined) spec.completions = 1
  spec.parallelism ??= 1
  spec.backoffLimit ??= 6
  spec.completionMode ??= 'NonIndexed'
  spec.suspend ??= false
  spec.manualSelector ??= false
  spec.podReplacementPolicy ??= spec.podFailurePolicy === undefined ? 'TerminatingOrFailed' : 'Failed'
  for (const rule of spec.podFailurePolicy?.rules ?? []) {
    for (const pattern of rule.onPodConditions ?? []) pattern.status ??= 'True'
  }
  if (!spec.manualSelector) {
    spec.selector = { matchLabels: { 'batch.kubernetes.io/controller-uid': job.metadata.uid } }
    spec.template.metadata = {
      ...spec.template.metadata,
      labels: { ...spec.template.metadata?.labels, ...uidLabels(job) },
    }
  }
  defaultPodSpec(spec.template.spec)
}

function validate(object: KubeObject): StatusCause[] {
  const job = asJob(object)
  const causes: StatusCause[] = []
  if (job.metadata.name.length > 63) {
    // Once for each of the two name labels, as recorded in http-errors/422-name-too-long.
    const cause = fieldInvalid('spec.template.labels', job.metadata.name, 'must be no more than 63 bytes')
    causes.push(cause, cause)
  }
  const { spec } = job
  for (const field of [
    'parallelism',
    'completions',
    'backoffLimit',
    'activeDeadlineSeconds',
    'ttlSecondsAfterFinished',
  ] as const) {
    const value = spec?.[field]
    if (typeof value === 'number' && value < 0) {
      causes.push(fieldInvalid(`spec.${field}`, value, 'must be greater than or equal to 0'))
    }
  }
  causes.push(...validatePodSpec(spec?.template?.spec, 'spec.template.spec'))
  const policy = spec?.template?.spec?.restartPolicy
  if (policy === 'Always') {
    causes.push(fieldUnsupported('spec.template.spec.restartPolicy', policy, ['OnFailure', 'Never']))
  }
  return causes
}

const internalNames = (value: unknown) => JSON.stringify(value)

function validateUpdate(next: KubeObject, old: KubeObject): StatusCause[] {
  const [job, before] = [asJob(next), asJob(old)]
  const immutable = (field: string, value: unknown) =>
    ({
      reason: 'FieldValueInvalid',
      message: `Invalid value: ${internalNames(value)}: field is immutable`,
      field,
    }) as const
  const causes: StatusCause[] = []
  for (const field of ['completions', 'selector', 'completionMode', 'podFailurePolicy'] as const) {
    if (!sameJson(job.spec[field], before.spec[field])) causes.push(immutable(`spec.${field}`, job.spec[field]))
  }
  if (!sameJson(job.spec.template, before.spec.template)) causes.push(immutable('spec.template', job.spec.template))
  return causes
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
  validate,
  validateUpdate,
  columns: [
    nameColumn,
    { name: 'Status', type: 'string', value: (object) => statusText(asJob(object)) },
    {
      name: 'Completions',
      type: 'string',
      value: (object) => `${asJob(object).status.succeeded ?? 0}/${asJob(object).spec.completions ?? 1}`,
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
