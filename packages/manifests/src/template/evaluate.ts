import { isMap, mergeValues, type DataMap } from '../merge-values.ts'
import { nodeOf, type Condition, type Constant, type Expression, type Template } from './template.ts'

/** Plain JSON data. */
export type Data = string | number | boolean | null | readonly Data[] | { readonly [key: string]: Data }

/** What a template is evaluated with. */
export interface Scope {
  readonly values: Data
  readonly namespace: string
  readonly item?: Data | undefined
}

const absent = Symbol('absent')

/** The data that a template evaluates to; null if all of it is left out. */
export function evaluate(template: Template, scope: Scope): Data | null {
  const result = evaluatePart(template, scope)
  return result === absent ? null : result
}

function evaluatePart(template: Template, scope: Scope): Data | typeof absent {
  const node = nodeOf(template)
  if (node === null) return evaluatePlain(template, scope)
  switch (node.kind) {
    case 'when':
      return holds(node.condition, scope) ? evaluatePart(node.body, scope) : absent
    case 'each':
      throw new TypeError('Expected `each` inside a list')
    default:
      return read(node, scope)
  }
}

function evaluatePlain(template: Template, scope: Scope): Data {
  if (Array.isArray(template)) return template.flatMap((element: Template) => evaluateElement(element, scope))
  if (typeof template !== 'object') return template
  const members: [string, Data][] = []
  for (const [key, member] of Object.entries(template)) {
    const result = evaluatePart(member, scope)
    if (result !== absent) members.push([key, result])
  }
  return Object.fromEntries(members)
}

/** An element of a list: none, one, or one for each item. */
function evaluateElement(element: Template, scope: Scope): Data[] {
  const node = nodeOf(element)
  if (node?.kind === 'each') {
    const items = read(node.list, scope)
    return asList(items).flatMap((each) => evaluateElement(node.body, { ...scope, item: each }))
  }
  const result = evaluatePart(element, scope)
  return result === absent ? [] : [result]
}

function asMap(data: Data): DataMap {
  return isMap(data) ? data : {}
}

function asList(data: Data): readonly Data[] {
  return Array.isArray(data) ? (data as readonly Data[]) : []
}

function read(expression: Expression, scope: Scope): Data {
  switch (expression.kind) {
    case 'value':
      return lookUp(scope.values, expression.path)
    case 'item':
      return lookUp(scope.item ?? null, expression.path)
    case 'releaseNamespace':
      return scope.namespace
    case 'text':
      return expression.parts.map((part) => (typeof part === 'string' ? part : String(read(part, scope)))).join('')
    case 'fallback': {
      const first = read(expression.first, scope)
      return isEmpty(first) ? read(expression.otherwise, scope) : first
    }
    case 'json':
      return JSON.stringify(sorted(read(expression.of, scope)))
    case 'join':
      return asList(read(expression.list, scope)).join(',')
    case 'data':
      return readConstant(expression.of, scope)
    case 'withMember': {
      const { of, path, member, condition } = expression
      if (!holds(condition, scope)) return read(of, scope)
      const added = path.reduceRight<Data>((inner, key) => ({ [key]: inner }), read(member, scope))
      return mergeValues(asMap(added), asMap(read(of, scope)))
    }
    default:
      return expression satisfies never
  }
}

function readConstant(of: Constant, scope: Scope): Data {
  const node = nodeOf(of)
  if (node !== null) return evaluate(node, scope)
  if (typeof of !== 'object') return of
  if (Array.isArray(of)) return of.map((element: Constant) => readConstant(element, scope))
  return Object.fromEntries(Object.entries(of).map(([key, member]) => [key, readConstant(member, scope)]))
}

function lookUp(data: Data, path: string): Data {
  let at = data
  for (const part of path === '' ? [] : path.split('.')) {
    at =
      typeof at === 'object' && at !== null && !Array.isArray(at) ? ((at as Record<string, Data>)[part] ?? null) : null
  }
  return at
}

/** Helm prints the members of maps in the order of their names. */
function sorted(data: Data): Data {
  if (Array.isArray(data)) return (data as readonly Data[]).map(sorted)
  if (typeof data !== 'object' || data === null) return data
  const members = Object.entries(data).toSorted(([a], [b]) => (a < b ? -1 : 1))
  return Object.fromEntries(members.map(([key, member]) => [key, sorted(member)]))
}

function holds(condition: Condition, scope: Scope): boolean {
  switch (condition.kind) {
    case 'set':
      return !isEmpty(read(condition.of, scope))
    case 'equal': {
      const { left, right } = condition
      return read(left, scope) === (typeof right === 'string' ? right : read(right, scope))
    }
    case 'not':
      return !holds(condition.of, scope)
    case 'all':
      return condition.of.every((each) => holds(each, scope))
    case 'any':
      return condition.of.some((each) => holds(each, scope))
    default:
      return condition satisfies never
  }
}

/** The values that Go templates treat as false. */
function isEmpty(data: Data): boolean {
  if (typeof data === 'object' && data !== null) return Object.keys(data).length === 0
  return data === null || data === false || data === 0 || data === ''
}
