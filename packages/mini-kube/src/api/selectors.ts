import { badRequest } from '../api-error.ts'
import type { ResourceDefinition } from '../kinds/resource-definition.ts'
import type { KubeObject } from '../types.ts'
import { parseLabelSelector } from './label-selector.ts'

export type Matcher = (object: KubeObject) => boolean

const requirements = (selector: string) =>
  selector
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')

/** Some kinds have their own message for a field that cannot be selected. */
function unknownField({ id }: ResourceDefinition, field: string): string {
  if (id === 'jobs.batch') return `field label ${JSON.stringify(field)} not supported for Job`
  if (['pods', 'nodes', 'events', 'namespaces', 'secrets'].includes(id)) return `field label not supported: ${field}`
  return `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`
}

/** Compiles a labelSelector of the query. */
export function labelMatcher(selector: string | undefined): Matcher | undefined {
  if (selector === undefined || selector.trim() === '') return undefined
  const test = parseLabelSelector(selector)
  return (object) => test(object.metadata.labels ?? {})
}

/** Compiles a fieldSelector; unknown fields are refused with the real server's message. */
export function fieldMatcher(resource: ResourceDefinition, selector: string | undefined): Matcher | undefined {
  if (selector === undefined || selector.trim() === '') return undefined
  const tests = requirements(selector).map((requirement) => {
    const match = /^([^=!]+?)\s*(==|=|!=)\s*(.*)$/.exec(requirement)
    if (match === null) throw badRequest(`invalid selector: '${selector}'; can't understand '${requirement}'`)
    const [, field = '', operator, value] = match
    return { field, value: (value ?? '').replaceAll(/\\([\\,=])/g, '$1'), negated: operator === '!=' }
  })
  const known = resource.selectableFields({
    kind: '',
    apiVersion: '',
    metadata: blank,
    spec: { containers: [] },
    status: {},
  })
  for (const { field } of tests) {
    if (field !== 'metadata.name' && !(field === 'metadata.namespace' && resource.namespaced) && !(field in known)) {
      throw badRequest(unknownField(resource, field))
    }
  }
  return (object) => {
    const fields: Record<string, string> = {
      ...resource.selectableFields(object),
      'metadata.name': object.metadata.name,
      'metadata.namespace': object.metadata.namespace ?? '',
    }
    return tests.every(({ field, value, negated }) => (fields[field] === value) !== negated)
  }
}

const blank = { name: '', uid: '', resourceVersion: '', creationTimestamp: '' }

/** Both selectors of a request as one test; undefined when there is none. */
export function requestMatcher(resource: ResourceDefinition, query: URLSearchParams): Matcher | undefined {
  const byLabel = labelMatcher(query.get('labelSelector') ?? undefined)
  const byField = fieldMatcher(resource, query.get('fieldSelector') ?? undefined)
  if (byLabel === undefined || byField === undefined) return byLabel ?? byField
  return (object) => byLabel(object) && byField(object)
}
