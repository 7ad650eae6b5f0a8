import { nodeOf, type Condition, type Constant, type Expression, type Template } from './template.ts'

/** A template as the text of a Helm template, one YAML document. */
export function printHelm(template: Template): string {
  const node = nodeOf(template)
  const body =
    node?.kind === 'when'
      ? [`{{- if ${condition(node.condition)} }}`, ...print(node.body, 0), '{{- end }}']
      : print(template, 0)
  return `${body.join('\n')}\n`
}

const indent = (depth: number): string => '  '.repeat(depth)

/** The lines of a map or list at a depth. */
function print(template: Template, depth: number): string[] {
  if (nodeOf(template) !== null || typeof template !== 'object') return [`${indent(depth)}${scalar(template)}`]
  if (Array.isArray(template)) return template.flatMap((element: Template) => printElement(element, depth))
  return Object.entries(template).flatMap(([key, member]) => printMember(key, member, depth))
}

function printMember(key: string, member: Template, depth: number): string[] {
  const node = nodeOf(member)
  if (node?.kind === 'when') {
    return [`{{- if ${condition(node.condition)} }}`, ...printMember(key, node.body, depth), '{{- end }}']
  }
  const name = `${indent(depth)}${key}:`
  if (isBlock(member)) {
    requireContent(member, key)
    return [name, ...print(member, depth + 1)]
  }
  return [`${name} ${scalar(member)}`]
}

function printElement(element: Template, depth: number): string[] {
  const node = nodeOf(element)
  if (node?.kind === 'when') {
    return [`{{- if ${condition(node.condition)} }}`, ...printElement(node.body, depth), '{{- end }}']
  }
  if (node?.kind === 'each') {
    return [`{{- range $item := ${expression(node.list)} }}`, ...printElement(node.body, depth), '{{- end }}']
  }
  if (!isBlock(element)) return [`${indent(depth)}- ${scalar(element)}`]
  requireContent(element, 'a list element')
  // The dash has its own line: the first member of the map may be conditional.
  return [`${indent(depth)}-`, ...print(element, depth + 1)]
}

/** Whether a part is printed over several lines. */
function isBlock(template: Template): boolean {
  return nodeOf(template) === null && typeof template === 'object' && Object.keys(template).length > 0
}

/** YAML reads a key without content as null: something must always be there. */
function requireContent(template: Template, where: string): void {
  const members: readonly Template[] = Array.isArray(template) ? template : Object.values(template)
  const always = members.some((member) => {
    const kind = nodeOf(member)?.kind
    return kind !== 'when' && kind !== 'each'
  })
  if (!always) throw new TypeError(`Everything in ${where} is conditional, so Helm may print nothing for it`)
}

function scalar(template: Template): string {
  const node = nodeOf(template)
  if (node === null) return JSON.stringify(template)
  if (node.kind === 'when' || node.kind === 'each') throw new TypeError(`Expected a value, got \`${node.kind}\``)
  return `{{ ${expression(node)} | toJson }}`
}

function expression(of: Expression): string {
  switch (of.kind) {
    case 'value':
      return `$.Values.${of.path}`
    case 'releaseNamespace':
      return '$.Release.Namespace'
    case 'item':
      return of.path === '' ? '$item' : `$item.${of.path}`
    case 'text': {
      const format = of.parts.map((part) => (typeof part === 'string' ? part.replaceAll('%', '%%') : '%v')).join('')
      const values = of.parts.filter((part) => typeof part !== 'string').map((part) => ` ${expression(part)}`)
      return `(printf ${JSON.stringify(format)}${values.join('')})`
    }
    case 'fallback':
      return `(default ${expression(of.otherwise)} ${expression(of.first)})`
    case 'json':
      return `(mustToRawJson ${expression(of.of)})`
    case 'join':
      return `(join "," ${expression(of.list)})`
    case 'data':
      return constant(of.of)
    case 'withMember': {
      const added = of.path.reduceRight((inner, key) => `(dict ${JSON.stringify(key)} ${inner})`, expression(of.member))
      const merged = `(mustMergeOverwrite ${added} ${expression(of.of)})`
      const always = of.condition.kind === 'all' && of.condition.of.length === 0
      return always ? merged : `(ternary ${merged} ${expression(of.of)} (not (not ${condition(of.condition)})))`
    }
    default:
      return of satisfies never
  }
}

function constant(of: Constant): string {
  const node = nodeOf(of)
  if (node !== null) return expression(node as Expression)
  if (typeof of !== 'object') return JSON.stringify(of)
  if (Array.isArray(of)) return `(list ${of.map((element: Constant) => constant(element)).join(' ')})`
  const members = Object.entries(of).map(([key, member]) => `${JSON.stringify(key)} ${constant(member)}`)
  return `(dict ${members.join(' ')})`
}

function condition(of: Condition): string {
  switch (of.kind) {
    case 'set':
      return expression(of.of)
    case 'equal': {
      const right = typeof of.right === 'string' ? JSON.stringify(of.right) : expression(of.right)
      return `(eq ${expression(of.left)} ${right})`
    }
    case 'not':
      return `(not ${condition(of.of)})`
    case 'all':
      return `(and ${of.of.map(condition).join(' ')})`
    case 'any':
      return `(or ${of.of.map(condition).join(' ')})`
    default:
      return of satisfies never
  }
}
