import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import {
  array,
  assert,
  asyncProperty,
  boolean,
  constantFrom,
  dictionary,
  integer,
  oneof,
  option,
  record,
  string,
  stringMatching,
  type Arbitrary,
} from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import { helmChart, kustomization, renderManifests, type Manifest, type ValuesInput } from './index.ts'

const run = promisify(execFile)
const helm = process.env['HELM']
const kustomize = process.env['KUSTOMIZE']

/** Objects by their identity: Helm and Kustomize print them in an order of their own. */
function byIdentity(objects: readonly Manifest[]): Record<string, Manifest> {
  return Object.fromEntries(
    objects.map((object) => [`${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`, object]),
  )
}

const parsed = (text: string): Manifest[] =>
  parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest | null)
    .filter((object) => object !== null)

async function writeFiles(files: Record<string, string>): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'manifests-'))
  for (const [path, text] of Object.entries(files)) {
    await mkdir(dirname(join(folder, path)), { recursive: true })
    await writeFile(join(folder, path), text)
  }
  return folder
}

const label = stringMatching(/^[a-z][a-z0-9]{0,8}$/)
const some = <T>(arbitrary: Arbitrary<T>) => option(arbitrary, { nil: undefined })
const texts = dictionary(label, string({ maxLength: 12 }))
const object = dictionary(label, oneof(string({ maxLength: 8 }), integer({ min: -9, max: 99_999 }), boolean()), {
  minKeys: 1,
})
const list = array(object, { maxLength: 2 })

/** Values that turn every part of the manifests on and off, with texts that YAML and Go templates could trip over. */
const values: Arbitrary<ValuesInput> = record(
  {
    name: label,
    server: record(
      {
        enabled: boolean(),
        image: string({ minLength: 1, maxLength: 20 }),
        imagePullSecrets: list,
        command: array(string({ maxLength: 8 }), { maxLength: 2 }),
        publicUrl: string({ maxLength: 12 }),
        apiUrl: string({ maxLength: 12 }),
        allowedHostnames: string({ maxLength: 12 }),
        env: list,
        envFrom: list,
        resources: object,
        podAnnotations: texts,
        podSecurityContext: object,
        securityContext: object,
        nodeSelector: texts,
        tolerations: list,
        affinity: object,
        priorityClassName: string({ maxLength: 8 }),
        extraVolumes: list,
        extraVolumeMounts: list,
      },
      { requiredKeys: [] },
    ),
    serviceAccount: record({ create: boolean(), annotations: texts }, { requiredKeys: [] }),
    database: record({ secret: label }, { requiredKeys: [] }),
    service: record({ port: integer({ min: 1, max: 65_535 }), annotations: texts }, { requiredKeys: [] }),
    ingress: record(
      {
        enabled: boolean(),
        className: label,
        host: label,
        extraHosts: array(label, { maxLength: 2 }),
        tlsSecret: label,
        annotations: texts,
      },
      { requiredKeys: [] },
    ),
    storage: record(
      {
        existingClaim: label,
        storageClassName: label,
        accessMode: constantFrom('ReadWriteMany', 'ReadWriteOnce'),
        keep: boolean(),
      },
      { requiredKeys: [] },
    ),
    agents: record(
      {
        namespace: label,
        createNamespace: boolean(),
        existingClaim: label,
        quota: texts,
        limits: list,
        volumeClaims: boolean(),
      },
      { requiredKeys: [] },
    ),
    shareVolume: record({ enabled: boolean(), image: label, env: list, resources: object }, { requiredKeys: [] }),
    networkPolicy: record(
      { enabled: boolean(), dns: boolean(), server: boolean(), egress: list },
      { requiredKeys: [] },
    ),
    metrics: record({ enabled: boolean(), podMonitor: boolean() }, { requiredKeys: [] }),
    policy: record(
      {
        allow: dictionary(label, array(string({ maxLength: 8 }), { maxLength: 2 })),
        defaults: object,
        adapters: dictionary(label, object),
        kubeconfigTrust: constantFrom('data', 'paths'),
      },
      { requiredKeys: [] },
    ),
  },
  { requiredKeys: [] },
)

describe.skipIf(helm === undefined)('the Helm chart', () => {
  it('passes `helm lint --strict`', async () => {
    const chart = await writeFiles(helmChart('0.0.0'))
    const { stdout } = await run(helm ?? '', ['lint', '--strict', chart])
    expect(stdout).toContain('0 chart(s) failed')
  })

  it('renders the same objects as renderManifests, whatever the values', async () => {
    const chart = await writeFiles(helmChart('0.0.0'))
    await assert(
      asyncProperty(values, some(label), async (input, namespace = 'paperclip') => {
        const file = join(chart, 'input.json')
        await writeFile(file, JSON.stringify(input))
        const { stdout } = await run(helm ?? '', ['template', 'any', chart, '--namespace', namespace, '--values', file])
        expect(byIdentity(parsed(stdout))).toEqual(byIdentity(renderManifests({ namespace, values: input })))
      }),
      { numRuns: 60 },
    )
  })

  it('refuses unknown values', async () => {
    const chart = await writeFiles(helmChart('0.0.0'))
    await expect(run(helm ?? '', ['template', 'any', chart, '--set', 'server.imagee=x'])).rejects.toThrow('imagee')
  })
})

describe.skipIf(kustomize === undefined)('the Kustomize base', () => {
  it.each<[string, ValuesInput]>([
    ['a server', {}],
    ['rights only', { server: { enabled: false } }],
    ['one namespace', { agents: { namespace: 'paperclip' }, networkPolicy: { enabled: true } }],
    ['one node', { storage: { accessMode: 'ReadWriteOnce' } }],
  ])('builds the same objects as renderManifests for %s', async (_what, input) => {
    const folder = await writeFiles(kustomization({ values: input }))
    const { stdout } = await run(kustomize ?? '', ['build', folder])
    expect(byIdentity(parsed(stdout))).toEqual(byIdentity(renderManifests({ values: input })))
  })
})
