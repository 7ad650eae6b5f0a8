import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parsePolicy, permissions } from '@agent-jobs/adapter-kit'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { z } from 'zod'
import { deployFiles } from '../scripts/deploy-files.ts'
import { manifests } from './objects/manifests.ts'
import { renderManifests, type Manifest } from './render-manifests.ts'
import { valuesSchema, type ValuesInput } from './values.ts'
import { writeYaml } from './write-yaml.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const names = (values?: ValuesInput) =>
  renderManifests({ values }).map(({ kind, metadata }) => `${kind} ${metadata.name}`)
const find = (kind: string, values?: ValuesInput): Manifest => {
  const found = renderManifests({ values }).find((object) => object.kind === kind)
  if (found === undefined) throw new Error(`no ${kind} was rendered`)
  return found
}

describe('renderManifests', () => {
  it('renders a server in one namespace by default', () => {
    expect(names()).toEqual([
      'ServiceAccount paperclip',
      'Role paperclip-agent-jobs',
      'RoleBinding paperclip-agent-jobs',
      'ConfigMap paperclip-agent-policy',
      'PersistentVolumeClaim paperclip-data',
      'Service paperclip',
      'StatefulSet paperclip',
    ])
  })

  it('renders only the rights for a server that exists', () => {
    expect(names({ server: { enabled: false } })).toEqual([
      'ServiceAccount paperclip',
      'Role paperclip-agent-jobs',
      'RoleBinding paperclip-agent-jobs',
    ])
  })

  it('grants every permission that the environment test checks, and no more', () => {
    const { rules } = find('Role') as unknown as { rules: { resources: string[]; verbs: string[] }[] }
    const granted = rules.flatMap(({ resources, verbs }) => verbs.map((verb) => `${resources[0]} ${verb}`))
    const wanted = permissions.map(({ resource, subresource, verb }) =>
      subresource === undefined ? `${resource} ${verb}` : `${resource}/${subresource} ${verb}`,
    )
    expect(granted.toSorted()).toEqual(wanted.toSorted())
  })

  it('puts a namespace of their own under the restricted Pod Security level', () => {
    const values = { agents: { namespace: 'agents', quota: { pods: '9' }, limits: [{ type: 'Container' }] } }
    expect(names(values).slice(0, 3)).toEqual([
      'Namespace agents',
      'ResourceQuota paperclip-agents',
      'LimitRange paperclip-agents',
    ])
    expect(find('Namespace', values).metadata).toMatchObject({
      labels: { 'pod-security.kubernetes.io/enforce': 'restricted' },
    })
    expect(find('ResourceQuota', values).metadata.namespace).toBe('agents')
    const roles = renderManifests({ values }).filter(({ kind }) => kind === 'Role')
    expect(roles.map(({ metadata }) => metadata)).toEqual([
      { name: 'paperclip-agent-jobs', namespace: 'agents' },
      { name: 'paperclip-own-pod', namespace: 'paperclip' },
    ])
  })

  it('makes the namespace of the agents the default of their settings, unless the policy has another', () => {
    const read = (values: ValuesInput) =>
      JSON.parse(
        (find('ConfigMap', values) as unknown as { data: Record<string, string> }).data['policy.yaml'] ?? '',
      ) as unknown
    const agents = { namespace: 'agents' }
    const policy = { allow: { image: ['registry.example/*'] } }
    expect(read({ agents, policy })).toEqual({ ...policy, defaults: { namespace: 'agents' } })
    expect(read({ agents, policy: { defaults: { namespace: 'others' } } })).toEqual({
      defaults: { namespace: 'others' },
    })
  })

  it('is accepted by the adapters as a policy', () => {
    const { data } = find('ConfigMap', { policy: { allow: { image: ['a/*'] } } }) as unknown as {
      data: Record<string, string>
    }
    expect(parsePolicy(data['policy.yaml'] ?? '', 'the ConfigMap')).toMatchObject({
      defaults: { namespace: 'paperclip' },
    })
  })

  it('refuses unknown and invalid values by name', () => {
    expect(() => renderManifests({ values: { server: { imagee: 'x' } } as ValuesInput })).toThrow('imagee')
    expect(() => renderManifests({ values: { storage: { size: 'big' } } })).toThrow('Kubernetes quantity')
    expect(() => renderManifests({ values: { server: { image: '' } } })).toThrow('image')
  })

  it('quotes texts that YAML 1.1 takes for booleans', () => {
    const objects = renderManifests({ values: { serviceAccount: { annotations: { off: 'n' } } } })
    expect(writeYaml(objects)).toContain("'off': 'n'")
  })

  it('writes YAML that reads back as the same objects', () => {
    const objects = renderManifests()
    const documents = parseAllDocuments(writeYaml(objects, 'A comment\nof two lines')).map((document) =>
      document.toJS(),
    )
    expect(documents.filter((document) => document !== null)).toEqual(objects)
  })
})

describe('the values', () => {
  it('are each used by a template', () => {
    const used = new Set<string>()
    JSON.stringify(Object.values(manifests), (_key, part: unknown) => {
      if (typeof part === 'object' && part !== null && 'kind' in part && part.kind === 'value' && 'path' in part) {
        used.add(String(part.path))
      }
      return part
    })
    // Only the notes after an installation and conditions of whole objects read these.
    expect(leaves(valuesSchema).filter((path) => !used.has(path))).toEqual([])
  })

  it('are each described', () => {
    const undescribed = leaves(valuesSchema).filter((path) => describedBy(valuesSchema, path) === undefined)
    expect(undescribed).toEqual([])
  })
})

describe('the generated files', () => {
  it('are up to date; `pnpm manifests` writes them', async () => {
    const expected = await deployFiles()
    for (const [path, text] of Object.entries(expected))
      expect(await readFile(join(root, path), 'utf8'), path).toBe(text)
    const present = await Promise.all(
      ['charts', 'deploy'].map((folder) => readdir(join(root, folder), { recursive: true, withFileTypes: true })),
    )
    const files = present
      .flat()
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(root.length))
    expect(files.toSorted()).toEqual(Object.keys(expected).toSorted())
  })
})

function inner(schema: z.core.$ZodType): z.core.$ZodType {
  return schema instanceof z.ZodPrefault ? inner(schema.unwrap()) : schema
}

function leaves(schema: z.core.$ZodType, path = ''): string[] {
  const object = inner(schema)
  if (!(object instanceof z.ZodObject)) return [path]
  return Object.entries(object.shape).flatMap(([key, member]) =>
    leaves(member as z.ZodType, path === '' ? key : `${path}.${key}`),
  )
}

function describedBy(schema: z.ZodType, path: string): string | undefined {
  let at: z.core.$ZodType = schema
  for (const key of path.split('.')) {
    const object = inner(at)
    if (!(object instanceof z.ZodObject)) return undefined
    at = object.shape[key] as z.ZodType
  }
  return (at as z.ZodType).description
}
