import { readFile, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { permissions } from '@agent-jobs/adapter-kit/permissions'
import { parsePolicy } from '@agent-jobs/adapter-kit/testing'
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
const places = (values?: ValuesInput) =>
  renderManifests({ values }).map(
    ({ kind, metadata: { namespace, name } }) => `${kind} ${namespace === undefined ? '' : `${namespace}/`}${name}`,
  )
const policyOf = (values: ValuesInput) =>
  JSON.parse((find('ConfigMap', values) as unknown as { data: Record<string, string> }).data['policy.yaml'] ?? '') as {
    defaults: unknown
  }
const find = (kind: string, values?: ValuesInput): Manifest => {
  const found = renderManifests({ values }).find((object) => object.kind === kind)
  if (found === undefined) throw new Error(`no ${kind} was rendered`)
  return found
}

describe('renderManifests', () => {
  it('renders a server, and agents in a namespace of their own, by default', () => {
    expect(places()).toEqual([
      'Namespace paperclip-agents',
      'ServiceAccount paperclip/paperclip',
      'Role paperclip-agents/paperclip-agent-jobs',
      'RoleBinding paperclip-agents/paperclip-agent-jobs',
      'Role paperclip/paperclip-own-pod',
      'RoleBinding paperclip/paperclip-own-pod',
      'ConfigMap paperclip/paperclip-agent-policy',
      'PersistentVolumeClaim paperclip/paperclip-data',
      'Service paperclip/paperclip',
      'StatefulSet paperclip/paperclip',
      'ServiceAccount paperclip/paperclip-share-volume',
      'ClusterRole paperclip-paperclip-share-volume',
      'ClusterRoleBinding paperclip-paperclip-share-volume',
      'Role paperclip/paperclip-share-volume',
      'RoleBinding paperclip/paperclip-share-volume',
      'Role paperclip-agents/paperclip-share-volume',
      'RoleBinding paperclip-agents/paperclip-share-volume',
      'Job paperclip/paperclip-share-volume',
    ])
  })

  it('grants the server nothing but its own pod in its own namespace, and nothing in the cluster', () => {
    const objects = renderManifests() as (Manifest & { rules: unknown; roleRef?: { kind: string; name: string } })[]
    const bound = objects.filter(
      ({ kind, subjects }) =>
        kind.endsWith('Binding') && (subjects as { name: string }[]).some(({ name }) => name === 'paperclip'),
    )
    expect(bound.map(({ metadata, roleRef }) => [metadata.namespace, roleRef?.kind, roleRef?.name])).toEqual([
      ['paperclip-agents', 'Role', 'paperclip-agent-jobs'],
      ['paperclip', 'Role', 'paperclip-own-pod'],
    ])
    const own = objects.find(({ kind, metadata }) => kind === 'Role' && metadata.name === 'paperclip-own-pod')
    expect(own?.rules).toEqual([{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }])
  })

  it('renders one namespace where agents share that of the server', () => {
    expect(places({ agents: { namespace: 'paperclip' } })).toEqual([
      'ServiceAccount paperclip/paperclip',
      'Role paperclip/paperclip-agent-jobs',
      'RoleBinding paperclip/paperclip-agent-jobs',
      'ConfigMap paperclip/paperclip-agent-policy',
      'PersistentVolumeClaim paperclip/paperclip-data',
      'Service paperclip/paperclip',
      'StatefulSet paperclip/paperclip',
    ])
  })

  it('makes no second volume where the namespace of the agents has a claim, or where it is not wanted', () => {
    for (const values of [{ agents: { existingClaim: 'theirs' } }, { shareVolume: { enabled: false } }]) {
      expect(names(values)).not.toContain('Job paperclip-share-volume')
    }
    expect(policyOf({ agents: { existingClaim: 'theirs' } })).toMatchObject({
      defaults: { workspaceVolumeClaim: 'theirs' },
    })
    expect(policyOf({ shareVolume: { enabled: false } })).toMatchObject({
      defaults: { namespace: 'paperclip-agents' },
    })
    expect(JSON.stringify(policyOf({ shareVolume: { enabled: false } }))).not.toContain('workspaceVolumeClaim')
  })

  it('keeps server and agents on one node when only one node can mount the volume', () => {
    const storage = { accessMode: 'ReadWriteOnce' } as const
    expect(JSON.stringify(policyOf({}))).not.toContain('affinity')
    expect(policyOf({ storage })).toMatchObject({
      defaults: {
        affinity: {
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              {
                labelSelector: { matchLabels: { 'app.kubernetes.io/instance': 'paperclip' } },
                namespaces: ['paperclip'],
                topologyKey: 'kubernetes.io/hostname',
              },
            ],
          },
        },
      },
    })
    const affinityOf = (values: ValuesInput) => JSON.stringify(find('StatefulSet', values))
    expect(affinityOf({ storage })).toContain('"agent-jobs.dev/managed":"true"')
    expect(affinityOf({})).not.toContain('podAffinity')
    const nodeAffinity = { x: 'y' }
    const both = affinityOf({ storage, server: { affinity: { nodeAffinity } } })
    expect(both).toContain('"nodeAffinity":{"x":"y"}')
    expect(both).toContain('preferredDuringSchedulingIgnoredDuringExecution')
  })

  it('leads every host name to the server', () => {
    const ingress = { enabled: true, host: 'a.example', extraHosts: ['b.example', 'c.example'], tlsSecret: 'tls' }
    const { spec } = find('Ingress', { ingress }) as unknown as {
      spec: { rules: { host: string }[]; tls: { hosts: string[] }[] }
    }
    expect(spec.rules.map(({ host }) => host)).toEqual(['a.example', 'b.example', 'c.example'])
    expect(spec.tls[0]?.hosts).toEqual(['a.example', 'b.example', 'c.example'])
    expect(JSON.stringify(find('StatefulSet', { ingress }))).toContain('a.example,b.example,c.example')
  })

  it('renders only the rights for a server that exists', () => {
    const server = { enabled: false }
    expect(names({ server })).toEqual([
      'Namespace paperclip-agents',
      'ServiceAccount paperclip',
      'Role paperclip-agent-jobs',
      'RoleBinding paperclip-agent-jobs',
      'Role paperclip-own-pod',
      'RoleBinding paperclip-own-pod',
    ])
    // The claim of that server can be shared, too.
    expect(names({ server, storage: { existingClaim: 'mine' } })).toContain('Job paperclip-share-volume')
  })

  it('grants every permission that the environment test checks, and no more', () => {
    const shared = { agents: { namespace: 'paperclip' } }
    const { rules } = find('Role', shared) as unknown as { rules: { resources: string[]; verbs: string[] }[] }
    const granted = rules.flatMap(({ resources, verbs }) => verbs.map((verb) => `${resources[0]} ${verb}`))
    const wanted = permissions.map(({ resource, subresource, verb }) =>
      subresource === undefined ? `${resource} ${verb}` : `${resource}/${subresource} ${verb}`,
    )
    expect(granted.toSorted()).toEqual(wanted.toSorted())
    const elsewhere = JSON.stringify(find('Role'))
    for (const { resource, sharedNamespaceOnly } of permissions) {
      expect(elsewhere.includes(`"${resource}`), resource).toBe(sharedNamespaceOnly !== true)
    }
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
    expect(roles.map(({ metadata: { name, namespace } }) => [namespace, name])).toEqual([
      ['agents', 'paperclip-agent-jobs'],
      ['paperclip', 'paperclip-own-pod'],
      ['paperclip', 'paperclip-share-volume'],
      ['agents', 'paperclip-share-volume'],
    ])
  })

  it('makes the namespace of the agents the default of their settings, unless the policy has another', () => {
    const agents = { namespace: 'agents' }
    const policy = { allow: { image: ['registry.example/*'] } }
    expect(policyOf({ agents, policy })).toMatchObject({
      ...policy,
      defaults: { namespace: 'agents', workspaceVolumeClaim: 'paperclip-data' },
    })
    expect(policyOf({ agents, policy: { defaults: { namespace: 'others' } } })).toMatchObject({
      defaults: { namespace: 'others' },
    })
  })

  it('is accepted by the adapters as a policy', () => {
    const { data } = find('ConfigMap', { policy: { allow: { image: ['a/*'] } } }) as unknown as {
      data: Record<string, string>
    }
    expect(parsePolicy(data['policy.yaml'] ?? '', 'the ConfigMap')).toMatchObject({
      defaults: { namespace: 'paperclip-agents' },
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
    const isUsed = (path: string) => [...used].some((each) => path === each || path.startsWith(`${each}.`))
    expect(leaves(valuesSchema).filter((path) => !isUsed(path))).toEqual([])
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
