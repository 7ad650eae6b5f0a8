import { fieldDuplicate, fieldInvalid, fieldRequired, fieldUnsupported, type StatusCause } from '../api-error.ts'
import { countIndexes } from '../controllers/job-indexes.ts'
import { isLabel } from '../names.ts'
import { templateForm } from '../schema/go-form.ts'
import type { Job, KubeObject, PodFailureRule } from '../types.ts'
import { sameJson } from './resource-definition.ts'
import { validatePodSpec } from './validate-pod-spec.ts'

const notNegative = (field: string, value: unknown): StatusCause[] =>
  typeof value === 'number' && value < 0 ? [fieldInvalid(field, value, 'must be greater than or equal to 0')] : []

/** An error that shows no value. */
const plainlyInvalid = (field: string, why: string): StatusCause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${why}`,
  field,
})

/** Go's own names of the fields, in which it shows the values of its internal types. */
const shownRules = ({ rules = [] }: NonNullable<Job['spec']['successPolicy']>) => ({
  Rules: rules.map(({ succeededIndexes = null, succeededCount = null }) => ({
    SucceededIndexes: succeededIndexes,
    SucceededCount: succeededCount,
  })),
})

const shownFailureRules = ({ rules = [] }: NonNullable<Job['spec']['podFailurePolicy']>) => ({
  Rules: rules.map(({ action, onExitCodes, onPodConditions }) => ({
    Action: action,
    OnExitCodes:
      onExitCodes === undefined
        ? null
        : {
            ContainerName: onExitCodes.containerName ?? null,
            Operator: onExitCodes.operator,
            Values: onExitCodes.values,
          },
    OnPodConditions: onPodConditions?.map(({ type, status }) => ({ Type: type, Status: status })) ?? null,
  })),
})

/** A field as a refusal shows it: rules in the form of the server's own types. */
function shown({ spec }: Job, name: keyof Job['spec'] & string): unknown {
  if (name === 'successPolicy' && spec.successPolicy !== undefined) return shownRules(spec.successPolicy)
  if (name === 'podFailurePolicy' && spec.podFailurePolicy !== undefined)
    return shownFailureRules(spec.podFailurePolicy)
  if (name === 'template') return templateForm(spec.template)
  return spec[name]
}

function validateExitCodes(
  at: string,
  { containerName, operator, values }: NonNullable<PodFailureRule['onExitCodes']>,
  containers: Set<string>,
): StatusCause[] {
  const causes: StatusCause[] = []
  const operators = ['In', 'NotIn']
  if (!operator) causes.push(fieldRequired(`${at}.operator`, 'valid values: ["In" "NotIn"]'))
  else if (!operators.includes(operator)) causes.push(fieldUnsupported(`${at}.operator`, operator, operators))
  if (containerName !== undefined && !containers.has(containerName)) {
    const why = 'must be one of the container or initContainer names in the pod template'
    causes.push(fieldInvalid(`${at}.containerName`, containerName, why))
  }
  if (values.length === 0) causes.push(fieldInvalid(`${at}.values`, values, 'at least one value is required'))
  for (const [place, value] of values.entries()) {
    const one = `${at}.values[${place}]`
    if (value === 0 && operator === 'In') causes.push(fieldInvalid(one, 0, 'must not be 0 for the In operator'))
    if (values.indexOf(value) < place) causes.push({ ...fieldDuplicate(one, value) })
  }
  if (values.some((value, place) => place > 0 && Number(values[place - 1]) > value))
    causes.push(fieldInvalid(`${at}.values`, values, 'must be ordered'))
  return causes
}

function validateRules({ spec }: Job): StatusCause[] {
  const { initContainers = [], containers } = spec.template.spec
  const names = new Set([...containers, ...initContainers].map(({ name }) => name))
  const actions = ['Count', 'FailIndex', 'FailJob', 'Ignore']
  return (spec.podFailurePolicy?.rules ?? []).flatMap(({ action, onExitCodes, onPodConditions = [] }, index) => {
    const at = `spec.podFailurePolicy.rules[${index}]`
    const causes: StatusCause[] = []
    if (!action) causes.push(fieldRequired(`${at}.action`, `valid values: ["Count" "FailIndex" "FailJob" "Ignore"]`))
    else if (!actions.includes(action)) causes.push(fieldUnsupported(`${at}.action`, action, actions))
    else if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined)
      causes.push(fieldInvalid(`${at}.action`, action, 'requires the backoffLimitPerIndex to be set'))
    if (onExitCodes !== undefined) causes.push(...validateExitCodes(`${at}.onExitCodes`, onExitCodes, names))
    if (onExitCodes !== undefined && onPodConditions.length > 0)
      causes.push(plainlyInvalid(at, 'specifying both OnExitCodes and OnPodConditions is not supported'))
    if (onExitCodes === undefined && onPodConditions.length === 0)
      causes.push(plainlyInvalid(at, 'specifying one of OnExitCodes and OnPodConditions is required'))
    return causes
  })
}

function validateSuccessRules({ spec }: Job): StatusCause[] {
  const { successPolicy, completionMode, completions = 0 } = spec
  if (successPolicy === undefined) return []
  if (completionMode !== 'Indexed')
    return [fieldInvalid('spec.successPolicy', shownRules(successPolicy), 'requires indexed completion mode')]
  const { rules = [] } = successPolicy
  if (rules.length === 0) {
    const why = 'at least one rules must be specified when the successPolicy is specified'
    return [fieldRequired('spec.successPolicy.rules', why)]
  }
  return rules.flatMap(({ succeededIndexes, succeededCount }, index) => {
    const at = `spec.successPolicy.rules[${index}]`
    const causes: StatusCause[] = []
    if (succeededIndexes === undefined && succeededCount === undefined)
      causes.push(fieldRequired(at, 'at least one of succeededCount or succeededIndexes must be specified'))
    const counted = countIndexes(succeededIndexes ?? '', completions)
    if ('why' in counted) {
      const why = `error parsing succeededIndexes: ${counted.why}`
      causes.push(fieldInvalid(`${at}.succeededIndexes`, succeededIndexes, why))
    }
    if (succeededCount === undefined) return causes
    const field = `${at}.succeededCount`
    causes.push(...notNegative(field, succeededCount))
    if (succeededCount > completions) {
      const why = `must be less than or equal to ${completions} (the number of specified completions)`
      causes.push(fieldInvalid(field, succeededCount, why))
    }
    const total = 'total' in counted ? counted.total : 0
    if (succeededIndexes !== undefined && succeededCount > total) {
      const why = `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`
      causes.push(fieldInvalid(field, succeededCount, why))
    }
    return causes
  })
}

const manyIndexes = 100_000

/** The fields that completionMode requires or allows. */
function validateMode({ spec }: Job): StatusCause[] {
  const { completionMode, completions, parallelism = 1, backoffLimitPerIndex, maxFailedIndexes } = spec
  const causes: StatusCause[] = []
  if (!['NonIndexed', 'Indexed'].includes(String(completionMode)))
    return [fieldUnsupported('spec.completionMode', completionMode, ['NonIndexed', 'Indexed'])]
  if (completionMode === 'NonIndexed') {
    for (const [name, value] of Object.entries({ backoffLimitPerIndex, maxFailedIndexes })) {
      if (value !== undefined) causes.push(fieldInvalid(`spec.${name}`, value, 'requires indexed completion mode'))
    }
    return causes
  }
  const atMost = (name: string, value: number, limit: number, when = '') => {
    if (value > limit) causes.push(fieldInvalid(`spec.${name}`, value, `must be less than or equal to ${limit}${when}`))
  }
  if (completions === undefined) causes.push(fieldRequired('spec.completions', 'when completion mode is Indexed'))
  atMost('parallelism', parallelism, manyIndexes, ' when completion mode is Indexed')
  if (completions !== undefined && maxFailedIndexes !== undefined && maxFailedIndexes > completions)
    causes.push(fieldInvalid('spec.maxFailedIndexes', maxFailedIndexes, 'must be less than or equal to completions'))
  if (maxFailedIndexes !== undefined) atMost('maxFailedIndexes', maxFailedIndexes, manyIndexes)
  if (completions !== undefined && completions > manyIndexes && backoffLimitPerIndex !== undefined) {
    const when = ` when completions are above ${manyIndexes} and used with backoff limit per index`
    if (maxFailedIndexes === undefined) {
      const why = `must be specified when completions is above ${manyIndexes}`
      causes.push(fieldRequired('spec.maxFailedIndexes', why))
    }
    atMost('parallelism', parallelism, 10_000, when)
    atMost('maxFailedIndexes', maxFailedIndexes ?? 0, 10_000, when)
  }
  return causes
}

function validateReplacement({ spec }: Job): StatusCause[] {
  const allowed = ['Failed', ...(spec.podFailurePolicy === undefined ? ['TerminatingOrFailed'] : [])]
  return allowed.includes(String(spec.podReplacementPolicy))
    ? []
    : [fieldUnsupported('spec.podReplacementPolicy', spec.podReplacementPolicy, allowed)]
}

function validateManager({ spec: { managedBy } }: Job): StatusCause[] {
  return managedBy !== undefined && !/^[a-z0-9.-]+\/.+$/.test(managedBy)
    ? [fieldInvalid('spec.managedBy', managedBy, 'must be a domain-prefixed path (such as "acme.io/foo")')]
    : []
}

function validateRestartPolicy({ spec }: Job): StatusCause[] {
  const field = 'spec.template.spec.restartPolicy'
  const { restartPolicy } = spec.template.spec
  if (restartPolicy === 'Always') return [fieldRequired(field, 'valid values: "OnFailure", "Never"')]
  if (spec.podFailurePolicy === undefined || restartPolicy === 'Never') return []
  return [fieldInvalid(field, restartPolicy, 'only "Never" is supported when podFailurePolicy is specified')]
}

/** The last pod of an Indexed Job has the longest host name. */
function validateHostNames({ metadata: { name }, spec }: Job): StatusCause[] {
  if (spec.completionMode !== 'Indexed' || spec.completions === undefined || spec.completions < 1) return []
  const last = `${name}-${spec.completions - 1}`
  if (isLabel(last)) return []
  return [fieldInvalid('metadata.name', name, `will not able to create pod with invalid DNS label: ${last}`)]
}

/** The server's checks of a Job, with its order and messages. */
export function validateJob(object: KubeObject): StatusCause[] {
  const job = object as Job
  const causes: StatusCause[] = []
  const { spec, metadata } = job
  if (metadata.name.length > 63) {
    // Once for each of the two name labels, as recorded in http-errors/422-name-too-long.
    const cause = fieldInvalid('spec.template.labels', metadata.name, 'must be no more than 63 bytes')
    causes.push(cause, cause)
  }
  for (const name of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const) {
    causes.push(...notNegative(`spec.${name}`, spec[name]))
  }
  if (spec.maxFailedIndexes !== undefined && spec.backoffLimitPerIndex === undefined)
    causes.push(fieldRequired('spec.backoffLimitPerIndex', 'when maxFailedIndexes is specified'))
  const labels = spec.template.metadata?.labels ?? {}
  const selected = Object.entries(spec.selector?.matchLabels ?? {})
  if (spec.manualSelector !== true && selected.length > 1) {
    causes.push(fieldInvalid('spec.selector', spec.selector, '`selector` not auto-generated'))
  }
  if (selected.some(([key, value]) => labels[key] !== value)) {
    causes.push(fieldInvalid('spec.template.metadata.labels', labels, '`selector` does not match template `labels`'))
  }
  causes.push(
    ...validateManager(job),
    ...validateMode(job),
    ...validateRules(job),
    ...validateSuccessRules(job),
    ...validateReplacement(job),
    ...validatePodSpec(spec.template.spec, 'spec.template.spec'),
    ...validateRestartPolicy(job),
    ...validateHostNames(job),
  )
  return causes
}

const immutable = (field: string, value: unknown): StatusCause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${JSON.stringify(value ?? null)}: field is immutable`,
  field,
})

/** An Indexed Job may be resized if its parallelism equals its completions. */
function validateCompletions(job: Job, before: Job): StatusCause[] {
  const { completions, parallelism, completionMode } = job.spec
  if (completions === before.spec.completions) return []
  if (completionMode !== 'Indexed') return [immutable('spec.completions', completions)]
  if (completions === undefined || completions === parallelism) return []
  return [fieldInvalid('spec.completions', completions, 'can only be modified in tandem with spec.parallelism')]
}

/** The immutable fields of a Job. */
export function validateJobUpdate(next: KubeObject, old: KubeObject): StatusCause[] {
  const [job, before] = [next as Job, old as Job]
  const frozen = (...names: (keyof Job['spec'] & string)[]) =>
    names
      .filter((name) => !sameJson(job.spec[name], before.spec[name]))
      .map((name) => immutable(`spec.${name}`, shown(job, name)))
  return [
    ...validateCompletions(job, before),
    ...frozen('selector', 'template', 'completionMode', 'podFailurePolicy'),
    ...frozen('backoffLimitPerIndex', 'managedBy', 'successPolicy'),
  ]
}
