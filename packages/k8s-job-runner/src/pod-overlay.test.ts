import { describe, expect, it } from 'vitest'
import { buildManifest } from './manifest.ts'
import { mergePodTemplate } from './pod-overlay.ts'
import type { RunRequest } from './run-request.ts'
import { requestProblems } from './validate-request.ts'

const request: RunRequest = { key: 'k', runId: 'r', image: 'a:1', command: { argv: ['true'] }, env: { A: '1' } }
const templateOf = (podTemplate: Record<string, unknown>) =>
  buildManifest({ ...request, podTemplate }, 'ns').job.spec?.template

describe('a pod template over that of a run', () => {
  it('merges maps, adds items by their keys and replaces other lists', () => {
    const base = {
      spec: {
        nodeSelector: { a: '1' },
        tolerations: [{ key: 'x' }],
        volumes: [{ name: 'data', emptyDir: {} }],
        containers: [
          { name: 'main', env: [{ name: 'A', value: '1' }], volumeMounts: [{ name: 'data', mountPath: '/d' }] },
        ],
      },
    }
    const overlay = {
      spec: {
        nodeSelector: { b: '2' },
        tolerations: [{ key: 'y' }],
        volumes: [{ name: 'more', emptyDir: {} }],
        containers: [
          {
            name: 'main',
            env: [
              { name: 'A', value: '2' },
              { name: 'B', value: '3' },
            ],
            volumeMounts: [{ name: 'more', mountPath: '/m' }],
          },
        ],
      },
    }
    expect(mergePodTemplate(base, overlay)).toEqual({
      spec: {
        nodeSelector: { a: '1', b: '2' },
        tolerations: [{ key: 'y' }],
        volumes: [
          { name: 'data', emptyDir: {} },
          { name: 'more', emptyDir: {} },
        ],
        containers: [
          {
            name: 'main',
            env: [
              { name: 'A', value: '2' },
              { name: 'B', value: '3' },
            ],
            volumeMounts: [
              { name: 'data', mountPath: '/d' },
              { name: 'more', mountPath: '/m' },
            ],
          },
        ],
      },
    })
  })

  it('removes a field by null', () => {
    expect(templateOf({ spec: { securityContext: { fsGroup: null } } })?.spec?.securityContext).not.toHaveProperty(
      'fsGroup',
    )
  })

  it('reaches the pod and leaves launcher, lock and labels as they are', () => {
    const plain = buildManifest(request, 'ns').job.spec?.template
    const changed = templateOf({
      metadata: { labels: { team: 'a' } },
      spec: { hostNetwork: true, containers: [{ name: 'main', env: [{ name: 'B', value: '2' }] }] },
    })
    expect(changed?.spec?.hostNetwork).toBe(true)
    expect(changed?.metadata?.labels).toEqual({ ...plain?.metadata?.labels, team: 'a' })
    const [container] = changed?.spec?.containers ?? []
    expect(container?.command).toEqual(plain?.spec?.containers[0]?.command)
    expect(container?.envFrom).toEqual(plain?.spec?.containers[0]?.envFrom)
    expect(container?.env?.map(({ name }) => name)).toEqual(['AGENT_JOBS_RUN', 'A', 'B'])
    expect(requestProblems({ ...request, podTemplate: { spec: { hostNetwork: true } } })).toEqual([])
  })

  const main = (fields: Record<string, unknown>) => ({ spec: { containers: [{ name: 'main', ...fields }] } })
  it.each<[Record<string, unknown>, RegExp]>([
    [{ spec: { restartPolicy: 'Always' } }, /spec\.restartPolicy.*run the command again/],
    [{ spec: { activeDeadlineSeconds: 1 } }, /activeDeadlineSeconds/],
    [{ spec: { terminationGracePeriodSeconds: 1 } }, /terminationGracePeriodSeconds/],
    [{ metadata: { name: 'x' } }, /metadata\.name/],
    [{ metadata: { namespace: 'x' } }, /metadata\.namespace/],
    [{ metadata: { labels: { 'agent-jobs.dev/managed': 'no' } } }, /agent-jobs\.dev\/managed/],
    [{ metadata: { annotations: { 'agent-jobs.dev/run-id': 'x' } } }, /agent-jobs\.dev\/run-id/],
    [{ metadata: { labels: null } }, /cannot be removed/],
    [main({ command: ['sh'] }), /"command"/],
    [main({ args: ['sh'] }), /"args"/],
    [main({ envFrom: [] }), /"envFrom"/],
    [main({ image: 'b' }), /"image"/],
    [main({ lifecycle: {} }), /"lifecycle"/],
    [main({ terminationMessagePolicy: 'File' }), /"terminationMessagePolicy"/],
    [main({ env: [{ name: 'AGENT_JOBS_RUN', value: 'x' }] }), /AGENT_JOBS_RUN/],
    [main({ env: null }), /"env" cannot be removed/],
    [{ spec: { containers: [{ name: 'other', image: 'x' }] } }, /may only change "main"/],
    [{ spec: { containers: null } }, /to be a list/],
    [{ kind: 'Pod' }, /podTemplate\.kind/],
    [{ spec: [] }, /to be objects/],
  ])('is refused for %j', (podTemplate, message) => {
    expect(requestProblems({ ...request, podTemplate }).join('\n')).toMatch(message)
  })
})

describe('the user of the pod', () => {
  const contextOf = (more: Partial<RunRequest>) =>
    buildManifest({ ...request, ...more }, 'ns').job.spec?.template.spec?.securityContext

  it('is 1000 by default', () => {
    expect(contextOf({})).toMatchObject({ runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000, runAsNonRoot: true })
  })

  it('can be left to the platform, and stays non-root', () => {
    expect(contextOf({ podUser: 'platform' })).toEqual({
      runAsNonRoot: true,
      seccompProfile: { type: 'RuntimeDefault' },
    })
  })
})
