import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sanitizeObject, sanitizeText } from './sanitize-object.ts'

const planted = 'Pl4nted-S3cret-Value-1'
const known = (text: string) => text.replaceAll(planted, '***')
const unknown = (text: string) => text
const textOf = (value: unknown, redact = unknown) => JSON.stringify(sanitizeObject(value, redact))

describe('an object in a support bundle', () => {
  it.each<[string, unknown]>([
    ['a variable', { env: [{ name: 'MY_TOKEN', value: planted }] }],
    ['a URL with a password', { env: [{ name: 'DB', value: `postgres://u:${planted}@db/x` }] }],
    ['the data of a Secret', { kind: 'Secret', data: { password: planted }, stringData: { other: planted } }],
    ['a Secret in a list', { items: [{ kind: 'Secret', data: { password: planted } }] }],
    ['the value of a flag', { args: ['--api-key', planted] }],
    ['an assignment in a command', { command: ['sh', '-c', `curl -H "Authorization: Bearer ${planted}" x`] }],
    ['a flag with its value', { args: [`--token=${planted}`] }],
    ['a text about a password', { message: `login failed, password: ${planted}` }],
    ['a member with a telling name', { spec: { csi: { nodePublishSecret: planted, token: planted } } }],
    [
      'a copy of the object in its annotation',
      {
        metadata: {
          annotations: { 'kubectl.kubernetes.io/last-applied-configuration': planted },
          managedFields: [{ manager: planted }],
        },
      },
    ],
  ])('hides what is in %s, although it is not known', (_where, object) => {
    expect(textOf(object)).not.toContain(planted)
  })

  it('hides what is known wherever it is', () => {
    fc.assert(
      fc.property(
        fc.object({ values: [fc.string(), fc.constant(planted), fc.constant(`a ${planted} b`)] }),
        (object) => {
          expect(JSON.stringify(Object.values(sanitizeObject(object, known) as object))).not.toMatch(
            new RegExp(`:"[^"]*${planted}`),
          )
        },
      ),
    )
  })

  it('keeps what explains a run', () => {
    const pod = {
      kind: 'Pod',
      metadata: { name: 'p', labels: { 'paperclip.io/agent-id': 'a1' } },
      spec: {
        serviceAccountName: 'agents',
        automountServiceAccountToken: false,
        imagePullSecrets: [{ name: 'registry' }],
        volumes: [{ name: 'run', secret: { secretName: 'lock-1', items: [{ key: 'AGENT_JOBS_SPEC', path: 'x' }] } }],
        containers: [{ env: [{ name: 'PAPERCLIP_RUN_ID', value: 'r1' }], args: ['--model', 'opus'] }],
      },
      status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', message: '0/1 nodes are available' }] },
    }
    expect(sanitizeObject(pod, unknown)).toEqual(pod)
    expect(sanitizeText('Successfully pulled image "a/b:1" in 1.2s', unknown)).toBe(
      'Successfully pulled image "a/b:1" in 1.2s',
    )
  })

  it('says which data a Secret has, and how much', () => {
    expect(sanitizeObject({ kind: 'Secret', type: 'Opaque', data: { a: 'eHl6' } }, unknown)).toMatchObject({
      data: { a: '4 characters' },
    })
  })
})
