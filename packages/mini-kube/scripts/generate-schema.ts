// Writes src/schema/kube-fields.ts: which fields the served kinds have, of which type, how their lists merge.
// The facts come from a running cluster: `node scripts/generate-schema.ts`, with kubectl and KUBECONFIG.
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'

interface Schema {
  $ref?: string
  allOf?: { $ref: string }[]
  type?: string
  format?: string
  items?: Schema
  additionalProperties?: Schema
  properties?: Record<string, Schema>
  required?: string[]
  'x-kubernetes-patch-strategy'?: string
  'x-kubernetes-patch-merge-key'?: string
  'x-kubernetes-list-type'?: string
  'x-kubernetes-list-map-keys'?: string[]
}

const groups = ['api/v1', 'apis/batch/v1', 'apis/coordination.k8s.io/v1', 'apis/rbac.authorization.k8s.io/v1']
const core = ['Namespace', 'Pod', 'Secret', 'ConfigMap', 'PersistentVolumeClaim', 'Event', 'ServiceAccount', 'Node']
const rbac = ['Role', 'ClusterRole', 'RoleBinding', 'ClusterRoleBinding']
const roots = [
  ...[...core, 'ResourceQuota'].map((kind) => `core.v1.${kind}`),
  ...rbac.map((kind) => `rbac.v1.${kind}`),
  'batch.v1.Job',
  'coordination.v1.Lease',
]

const short = (name: string) =>
  name.replace(/^.*\/schemas\//, '').replace(/^io\.k8s\.(api|apimachinery\.pkg\.(apis|api|util))\./, '')
const scalars: Record<string, string> = {
  'resource.Quantity': 'q',
  'intstr.IntOrString': 'x',
  'meta.v1.Time': 't',
  'meta.v1.MicroTime': 'u',
  'meta.v1.FieldsV1': 'o',
}

function typeOf(schema: Schema): string {
  const ref = schema.$ref ?? schema.allOf?.[0]?.$ref
  if (ref !== undefined) return scalars[short(ref)] ?? `@${short(ref)}`
  if (schema.type === 'array') {
    const merge = schema['x-kubernetes-patch-strategy']
    const key = schema['x-kubernetes-patch-merge-key']
    const kind = schema['x-kubernetes-list-type']
    const keys = schema['x-kubernetes-list-map-keys']?.join(',')
    const hints = [
      merge === undefined ? '' : `~${merge.includes('retainKeys') ? 'r' : 'm'}${key === undefined ? '' : `=${key}`}`,
      kind === undefined ? '' : `~${kind}${keys === undefined ? '' : `=${keys}`}`,
    ]
    return `[${typeOf(schema.items ?? {})}]${hints.join('')}`
  }
  if (schema.additionalProperties !== undefined) return `{${typeOf(schema.additionalProperties)}}`
  if (schema.type === 'integer') return schema.format === 'int64' ? 'l' : 'i'
  if (schema.type === 'string') return schema.format === 'byte' ? 'y' : 's'
  return schema.type === 'boolean' ? 'b' : 'o'
}

const all = new Map<string, Schema>()
for (const group of groups) {
  const text = execFileSync('kubectl', ['get', '--raw', `/openapi/v3/${group}`], { maxBuffer: 64 * 1024 * 1024 })
  const { components } = JSON.parse(text.toString()) as { components: { schemas: Record<string, Schema> } }
  for (const [name, schema] of Object.entries(components.schemas)) all.set(short(name), schema)
}

const lines = new Map<string, string>()
function visit(name: string): void {
  const schema = all.get(name)
  if (lines.has(name) || schema?.properties === undefined) return
  const fields = Object.entries(schema.properties).map(
    ([field, value]) => `${field}${schema.required?.includes(field) === true ? '*' : ''}:${typeOf(value)}`,
  )
  lines.set(name, fields.join(' '))
  for (const [, ref = ''] of fields.join(' ').matchAll(/@([\w.]+)/g)) visit(ref)
}
for (const root of roots) visit(root)

const body = [...lines].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, fields]) => `  '${name}': '${fields}',`)
writeFileSync(
  new URL('../src/schema/kube-fields.ts', import.meta.url),
  `// Made by scripts/generate-schema.ts from the OpenAPI documents of Kubernetes 1.36.3; see kube-schema.ts for the notation.\nexport const kubeFields: Readonly<Record<string, string>> = {\n${body.join('\n')}\n}\n`,
)
