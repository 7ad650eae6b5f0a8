import { mergeValues } from './merge-values.ts'
import { manifests } from './objects/manifests.ts'
import { evaluate, type Data } from './template/evaluate.ts'
import { ValuesError } from './values-error.ts'
import { valuesSchema, type Values, type ValuesInput } from './values.ts'

/** A Kubernetes object as plain data. */
export interface Manifest {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly [key: string]: unknown
}

/** Where and with which values the manifests are rendered. */
export interface RenderOptions {
  /** Namespace of the server. Default `paperclip`. */
  namespace?: string | undefined
  /** Values as in the chart's `values.yaml`. Default: none. */
  values?: ValuesInput | undefined
}

/**
 * Renders the manifests in the order in which they are applied. Helm renders the chart to the same objects. Throws a
 * {@link ValuesError} that names each value that is unknown or invalid.
 */
export function renderManifests({ namespace = 'paperclip', values = {} }: RenderOptions = {}): Manifest[] {
  const scope = { values: readValues(values) as Data, namespace }
  return Object.values(manifests)
    .flat()
    .map((template) => evaluate(template, scope))
    .filter((object) => object !== null)
    .map((object) => object as unknown as Manifest)
}

/** Maps among the defaults, such as a security context, are merged with what is given for them, as Helm does. */
function readValues(values: ValuesInput): Values {
  const merged = mergeValues(valuesSchema.parse({}) as Record<string, Data>, values as Record<string, Data>)
  const result = valuesSchema.safeParse(merged)
  if (result.success) return result.data
  throw new ValuesError(result.error.issues.map(({ path, message }) => `${path.join('.') || '(values)'}: ${message}`))
}
