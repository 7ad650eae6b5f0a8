import { badRequest } from '../api-error.ts'
import type { ResourceDefinition } from '../kinds/resource-definition.ts'
import type { KubeObject } from '../types.ts'

export type Matcher = (object: KubeObject) => boolean

/** What the server's lexer stumbles over. */
function whyUnreadable(requirement: string): string {
  const noList = /^[^\s!=()]+\s+(?:in|notin)\s+(\S+)/.exec(requirement)
  if (noList !== null) return `found '${noList[1]}' expected: '('`
  const word = /^[^\s!=()<>]+\s+([^\s!=()<>]+)/.exec(requirement)
  if (word !== null) return `found '${word[1]}', expected: in, notin, =, ==, !=, gt, lt`
  return `found '${/[!=()<>]/.exec(requirement)?.[0] ?? requirement}', expected: identifier`
}

/** Splits at commas that do not stand between parentheses. */
function requirements(selector: string): string[] {
  const parts: string[] = []
  let depth = 0
  let part = ''
  for (const char of selector) {
    if (char === '(') depth += 1
    if (char === ')') depth -= 1
    if (char === ',' && depth === 0) {
      parts.push(part.trim())
      part = ''
    } else part += char
  }
  parts.push(part.trim())
  return parts.filter((one) => one !== '')
}

type LabelTest = (labels: Record<string, string>) => boolean

function labelTest(requirement: string): LabelTest {
  const set = /^([^\s!=()]+)\s+(in|notin)\s*\(([^)]*)\)$/.exec(requirement)
  if (set !== null) {
    const [, key = '', operator, list = ''] = set
    const values = new Set(list.split(',').map((value) => value.trim()))
    return (labels) => {
      const has = key in labels && values.has(labels[key] ?? '')
      return operator === 'in' ? has : !has
    }
  }
  const equal = /^([^\s!=()]+)\s*(==|=|!=)\s*([^\s!=()]*)$/.exec(requirement)
  if (equal !== null) {
    const [, key = '', operator, value] = equal
    return (labels) => (operator === '!=' ? labels[key] !== value : labels[key] === value)
  }
  const order = /^([^\s!=()<>]+)\s*(>|<)\s*(-?\d+)$/.exec(requirement)
  if (order !== null) {
    const [, key = '', operator, value] = order
    return (labels) =>
      key in labels && (operator === '>' ? Number(labels[key]) > Number(value) : Number(labels[key]) < Number(value))
  }
  const exists = /^(!?)\s*([^\s!=()<>]+)$/.exec(requirement)
  if (exists !== null) {
    const [, not, key = ''] = exists
    return (labels) => key in labels !== (not === '!')
  }
  throw badRequest(`unable to parse requirement: ${whyUnreadable(requirement)}`)
}

/** Compiles a labelSelector of the query. */
export function labelMatcher(selector: string | undefined): Matcher | undefined {
  if (selector === undefined || selector.trim() === '') return undefined
  const tests = requirements(selector).map((one) => labelTest(one))
  return (object) => tests.every((test) => test(object.metadata.labels ?? {}))
}

/** Compiles a fieldSelector; unknown fields are refused with the real server's sentence. */
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
      throw badRequest(`field label not supported: ${field}`)
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
