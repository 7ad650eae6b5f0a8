/** A value that is read when a template is evaluated, or printed as a Helm expression. */
export type Expression =
  | { readonly kind: 'value'; readonly path: string }
  | { readonly kind: 'releaseNamespace' }
  | { readonly kind: 'item'; readonly path: string }
  | { readonly kind: 'text'; readonly parts: readonly (string | Expression)[] }
  | { readonly kind: 'fallback'; readonly first: Expression; readonly otherwise: Expression }
  | { readonly kind: 'json'; readonly of: Expression }
  | { readonly kind: 'join'; readonly list: Expression }
  | { readonly kind: 'data'; readonly of: Constant }
  | {
      readonly kind: 'withMember'
      readonly of: Expression
      readonly path: readonly string[]
      readonly member: Expression
      readonly condition: Condition
    }

/** Plain data with expressions in it, for a place where Helm needs one value. */
export type Constant = string | number | readonly Constant[] | { readonly [key: string]: Constant } | Marked<Expression>

/** A test of values. An expression counts as Helm counts it: false for `false`, 0, empty texts, lists and maps. */
export type Condition =
  | { readonly kind: 'set'; readonly of: Expression }
  | { readonly kind: 'equal'; readonly left: Expression; readonly right: Expression | string }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'all'; readonly of: readonly Condition[] }
  | { readonly kind: 'any'; readonly of: readonly Condition[] }

/** A part of a map or list that is left out unless its condition holds. */
export interface When {
  readonly kind: 'when'
  readonly condition: Condition
  readonly body: Template
}

/** In a list: one element for each item of a list among the values. The body reads the item with {@link item}. */
export interface Each {
  readonly kind: 'each'
  readonly list: Expression
  readonly body: Template
}

/** A Kubernetes object, or a part of one, that still depends on values. */
export type Template =
  | string
  | number
  | boolean
  | readonly Template[]
  | { readonly [key: string]: Template }
  | Marked<Expression | When | Each>

const mark = Symbol('template node')
/** Tells the nodes of a template from maps that happen to have a member `kind`, as all Kubernetes objects do. */
export type Marked<T> = T & { readonly [mark]: true }

function marked<T extends object>(node: T): Marked<T> {
  return { ...node, [mark]: true }
}

/** The node that a part of a template is, or null for plain data. */
export function nodeOf(template: Template | Constant): Marked<Expression | When | Each> | null {
  return typeof template === 'object' && mark in template ? (template as Marked<Expression | When | Each>) : null
}

/** The value at a path, for example `value('server.image')`. */
export const value = (path: string): Marked<Expression> => marked({ kind: 'value', path })

/** The namespace that everything is installed into. */
export const releaseNamespace: Marked<Expression> = marked({ kind: 'releaseNamespace' })

/** Inside {@link each}: the item, or a member of it. */
export const item = (path = ''): Marked<Expression> => marked({ kind: 'item', path })

/** A text with values in it: text`http://${value('name')}:3100`. */
export const text = (
  strings: TemplateStringsArray,
  ...values: readonly (Marked<Expression> | string)[]
): Marked<Expression> =>
  marked({
    kind: 'text',
    parts: strings.flatMap((part, at) => [part, ...(at < values.length ? [values[at] ?? ''] : [])]),
  })

/** The first expression, or the second where the first is empty. */
export const fallback = (first: Expression, otherwise: Expression): Marked<Expression> =>
  marked({ kind: 'fallback', first, otherwise })

/** A value as JSON in a text, for example in a ConfigMap. */
export const json = (of: Expression): Marked<Expression> => marked({ kind: 'json', of })

/** The texts of a list among the values, with commas between them. */
export const join = (list: Expression): Marked<Expression> => marked({ kind: 'join', list })

/** Plain data with expressions in it, as a value. */
export const data = (of: Constant): Marked<Expression> => marked({ kind: 'data', of })

/**
 * A map among the values with one more member at a path such as `defaults.namespace`, unless the map has its own; only
 * where a condition holds.
 */
export const withMember = (
  of: Expression,
  path: string,
  member: Expression,
  condition: Condition = { kind: 'all', of: [] },
): Marked<Expression> => marked({ kind: 'withMember', of, path: path.split('.'), member, condition })

/** Leaves the body out unless the condition holds; an expression holds when it is not empty. */
export const when = (condition: Condition | Expression, body: Template): Marked<When> =>
  marked({ kind: 'when', condition: asCondition(condition), body })

/** One list element for each item of a list among the values. */
export const each = (list: Expression, body: Template): Marked<Each> => marked({ kind: 'each', list, body })

export const equal = (left: Expression, right: Expression | string): Condition => ({ kind: 'equal', left, right })
export const not = (of: Condition | Expression): Condition => ({ kind: 'not', of: asCondition(of) })
export const all = (...of: readonly (Condition | Expression)[]): Condition => ({ kind: 'all', of: of.map(asCondition) })
export const any = (...of: readonly (Condition | Expression)[]): Condition => ({ kind: 'any', of: of.map(asCondition) })

const conditions: ReadonlySet<string> = new Set<Condition['kind']>(['set', 'equal', 'not', 'all', 'any'])

function asCondition(of: Condition | Expression): Condition {
  return isCondition(of) ? of : { kind: 'set', of }
}

function isCondition(of: Condition | Expression): of is Condition {
  return conditions.has(of.kind)
}
