import { fieldInvalid, fieldRequired, fieldUnsupported, type StatusCause } from '../api-error.ts'
import type { Job, KubeObject, PodFailureRule } from '../types.ts'
import { defaultPodSpec } from './pod-defaults.ts'
import { validatePodSpec } from './validate-pod-spec.ts'
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

/** What the server fills in, whoever writes the Job. */
function defaults(object: KubeObject): void {
  const job = asJob(object)
  job.spec ??= { template: { spec: { containers: [] } } }
  const { spec } = job
  spec.template ??= { spec: { containers: [] } }
  spec.template.spec ??= { containers: [] }
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
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
  ] as const) {
    const value = spec?.[field]
    if (typeof value === 'number' && value < 0) {
      causes.push(fieldInvalid(`spec.${field}`, value, 'must be greater than or equal to 0'))
    }
  }
  const labels = spec.template.metadata?.labels ?? {}
  const selected = Object.entries(spec.selector?.matchLabels ?? {})
  if (spec.manualSelector !== true && selected.length > 1) {
    causes.push(fieldInvalid('spec.selector', spec.selector, '`selector` not auto-generated'))
  }
  if (selected.some(([key, value]) => labels[key] !== value)) {
    causes.push(fieldInvalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'))
  }
  causes.push(...validateChoices(job))
  causes.push(...validatePodSpec(spec.template.spec, 'spec.template.spec'))
  if (spec.template.spec.restartPolicy === 'Always') {
    causes.push(fieldRequired('spec.template.spec.restartPolicy', 'valid values: "OnFailure", "Never"'))
  }
  return causes
}

function validateRules(rules: PodFailureRule[]): StatusCause[] {
  return rules.flatMap(({ action, onExitCodes }, index) => {
    const at = `spec.podFailurePolicy.rules[${index}]`
    const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore']
    if (!actions.includes(action)) return [fieldUnsupported(`${at}.action`, action, actions)]
    if (onExitCodes === undefined) return []
    const { operator, values } = onExitCodes
    if (values.length === 0) return [fieldInvalid(`${at}.onExitCodes.values`, values, 'at least one value is required')]
    return values.flatMap((value, place) =>
      value === 0 && operator === 'In'
        ? [fieldInvalid(`${at}.onExitCodes.values[${place}]`, 0, 'must not be 0 for the In operator')]
        : [],
    )
  })
}

/** What must be one of a few words, and what goes together. */
function validateChoices({ spec }: Job): StatusCause[] {
  const causes: StatusCause[] = []
  const { managedBy } = spec as { managedBy?: string }
  if (managedBy !== undefined && !/^[a-z0-9.-]+\/.+$/.test(managedBy)) {
    causes.push(fieldInvalid('spec.managedBy', managedBy, 'must be a domain-prefixed path (such as "acme.io/foo")'))
  }
  if (!['NonIndexed', 'Indexed'].includes(String(spec.completionMode))) {
    causes.push(fieldUnsupported('spec.completionMode', spec.completionMode, ['NonIndexed', 'Indexed']))
  } else if (spec.completionMode === 'Indexed' && spec.completions === undefined) {
    causes.push(fieldRequired('spec.completions', 'when completion mode is Indexed'))
  }
  if (spec.podFailurePolicy !== undefined) {
    causes.push(...validateRules(spec.podFailurePolicy.rules ?? []))
    const { restartPolicy } = spec.template.spec
    if (restartPolicy !== 'Never') {
      const why = 'only "Never" is supported when podFailurePolicy is specified'
      causes.push(fieldInvalid('spec.template.spec.restartPolicy', restartPolicy, why))
    }
  }
  const replacements = ['Failed', ...(spec.podFailurePolicy === undefined ? ['TerminatingOrFailed'] : [])]
  if (!replacements.includes(String(spec.podReplacementPolicy))) {
    causes.push(fieldUnsupported('spec.podReplacementPolicy', spec.podReplacementPolicy, replacements))
  }
  return causes
}

const internalNames = (value: unknown) => JSON.stringify(value ?? null)

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
  defaults,
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
