import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parseFollowSettings } from './follow-settings.ts'
import { isLabelValue } from './label-value.ts'
import { buildManifest } from './manifest.ts'
import type { RunRequest } from './run-request.ts'

const request: RunRequest = {
  key: 'agent-7',
  runId: 'run 42',
  image: 'node:24',
  command: { argv: ['cat'], stdin: 'the secret prompt', files: [{ path: '/tmp/f', content: 'file text' }] },
  env: { PLAIN: 'visible' },
  secretEnv: { TOKEN: 'sk-hidden' },
}

describe('buildManifest', () => {
  it('is pure: the same request gives the same objects', () => {
    expect(buildManifest(request, 'ns')).toEqual(buildManifest(request, 'ns'))
  })

  it('keeps prompt, files, launcher and secret environment out of the Job', () => {
    const { job, secret } = buildManifest(request, 'ns')
    const text = JSON.stringify(job)
    for (const hidden of [
      'the secret prompt',
      'file text',
      'sk-hidden',
      'AGENT_JOBS_SPEC"',
      secret.stringData?.['AGENT_JOBS_LAUNCHER'] ?? '',
    ]) {
      expect(text.includes(hidden)).toBe(false)
    }
    expect(text).toContain('visible')
    expect(secret.stringData).toMatchObject({ TOKEN: 'sk-hidden' })
    expect(secret.immutable).toBeUndefined()
  })

  it('starts with node alone, or with the shell of an image declared to have one', () => {
    const startOf = (shell?: boolean): string[] | undefined => {
      const command = { ...request.command, ...(shell === undefined ? {} : { shell }) }
      return buildManifest({ ...request, command }, 'ns').job.spec?.template.spec?.containers[0]?.command
    }
    expect(startOf()).toEqual(['node', '-e', expect.any(String)])
    expect(startOf(true)).toEqual(['/bin/sh', '-c', expect.any(String), 'node'])
  })

  it('hands the proxy to the launcher, in the Secret alone', () => {
    const proxy = {
      targetUrl: 'http://api:3100',
      tokenFile: '/data/tokens/42.json',
      envUrl: 'API_URL',
      envToken: 'API_KEY',
    }
    const { job, secret } = buildManifest({ ...request, command: { ...request.command, proxy } }, 'ns')
    expect(JSON.parse(secret.stringData?.['AGENT_JOBS_SPEC'] ?? '')).toMatchObject({ proxy })
    expect(JSON.stringify(job)).not.toContain('/data/tokens')
    const faulty = { ...request.command, proxy: { ...proxy, tokenFile: 'tokens' } }
    expect(() => buildManifest({ ...request, command: faulty }, 'ns')).toThrow(/proxy\.tokenFile/)
  })

  it('has the launcher refuse a second start of a run with a journal that waits in a queue', () => {
    const journal = { path: '/data/journal' }
    const journalOf = (fields: Partial<RunRequest>): unknown => {
      const { secret } = buildManifest({ ...request, journal, ...fields }, 'ns')
      return (JSON.parse(secret.stringData?.['AGENT_JOBS_SPEC'] ?? '') as { journal: unknown }).journal
    }
    expect(journalOf({})).toEqual(journal)
    expect(journalOf({ queue: { name: 'team' } })).toEqual({ ...journal, startsOnce: true })
  })

  it('makes one pod that is never replaced, and no volume of its own', () => {
    const { spec } = buildManifest(request, 'ns').job
    expect(spec).toMatchObject({ backoffLimit: 0, podReplacementPolicy: 'Failed', ttlSecondsAfterFinished: 3600 })
    expect(spec?.template.spec).toMatchObject({
      restartPolicy: 'Never',
      automountServiceAccountToken: false,
      enableServiceLinks: false,
      terminationGracePeriodSeconds: 30,
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 1000,
        runAsGroup: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      },
    })
    expect(spec?.template.spec?.volumes).toBeUndefined()
    expect(spec?.template.spec?.containers[0]).toMatchObject({
      securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
      terminationMessagePolicy: 'File',
    })
    expect(spec?.suspend).toBeUndefined()
  })

  it('gives every pod a deadline that includes its start, and its Job a later one', () => {
    const specOf = (fields: object) => buildManifest({ ...request, ...fields }, 'ns').job.spec
    const deadlines = (fields: object) => {
      const spec = specOf(fields)
      return [spec?.template.spec?.activeDeadlineSeconds, spec?.activeDeadlineSeconds]
    }
    // Budget 600 s, grace 30 s and a minute of slack come on top.
    expect(deadlines({})).toEqual([86_400, 86_400 + 690])
    expect(deadlines({ deadlineSeconds: 9 })).toEqual([9, 9 + 690])
    const command = { ...request.command, limits: { totalMs: 120_500 } }
    expect(deadlines({ command })).toEqual([600 + 121 + 90, 600 + 121 + 90 + 690])
    const short = { command, start: { budgetSeconds: 5 }, terminationGracePeriodSeconds: 2 }
    expect(deadlines(short)).toEqual([5 + 121 + 62, 5 + 121 + 62 + 67])
  })

  it('asks for a node of an architecture, beside other selectors', () => {
    const scheduling = { architecture: 'arm64', nodeSelector: { disk: 'fast' } }
    const spec = buildManifest({ ...request, scheduling }, 'ns').job.spec?.template.spec
    expect(spec?.nodeSelector).toEqual({ 'kubernetes.io/arch': 'arm64', disk: 'fast' })
  })

  it('passes on requests and limits of every resource', () => {
    const resources = { requests: { 'ephemeral-storage': '1Gi' }, limits: { 'ephemeral-storage': '2Gi' } }
    const spec = buildManifest({ ...request, resources }, 'ns').job.spec?.template.spec
    expect(spec?.containers[0]?.resources).toEqual(resources)
  })

  it('labels the Job with the priority of its queue', () => {
    const { job } = buildManifest({ ...request, queue: { name: 'a', priorityClass: 'high' } }, 'ns')
    expect(job.metadata?.labels).toMatchObject({ 'kueue.x-k8s.io/priority-class': 'high' })
    expect(job.spec?.template.metadata?.labels).not.toHaveProperty(['kueue.x-k8s.io/priority-class'])
  })

  it('refers to the Secret by a key that only this run has, so that another run of the key cannot start from it', () => {
    const mine = buildManifest(request, 'ns')
    const other = buildManifest({ ...request, runId: 'other' }, 'ns')
    expect(mine.secret.metadata?.name).toBe(other.secret.metadata?.name)
    const reference = mine.job.spec?.template.spec?.containers[0]?.env?.[0]?.valueFrom?.secretKeyRef
    expect(mine.secret.stringData).toHaveProperty([reference?.key ?? ''])
    expect(other.secret.stringData).not.toHaveProperty([reference?.key ?? ''])
  })

  it('suspends a queued Job and labels the Job alone for the queue', () => {
    const { job } = buildManifest({ ...request, queue: { name: 'team-a' } }, 'ns')
    expect(job.spec?.suspend).toBe(true)
    expect(job.metadata?.labels).toMatchObject({ 'kueue.x-k8s.io/queue-name': 'team-a' })
    expect(job.spec?.template.metadata?.labels).not.toHaveProperty(['kueue.x-k8s.io/queue-name'])
  })

  it('runs sidecars natively, beside the command', () => {
    const { job } = buildManifest({ ...request, sidecars: [{ name: 'dind', image: 'docker:28-dind' }] }, 'ns')
    expect(job.spec?.template.spec?.initContainers).toEqual([
      { name: 'dind', image: 'docker:28-dind', restartPolicy: 'Always' },
    ])
  })

  it("lays the caller's security context over the default", () => {
    const { job } = buildManifest(
      { ...request, podSecurityContext: { runAsUser: 5 }, containerSecurityContext: { readOnlyRootFilesystem: true } },
      'ns',
    )
    expect(job.spec?.template.spec?.securityContext).toMatchObject({ runAsUser: 5, runAsNonRoot: true })
    expect(job.spec?.template.spec?.containers[0]?.securityContext).toMatchObject({
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
  })

  it('lets the launcher end the command before the kubelet ends the launcher', () => {
    for (const [graceSeconds, killGraceMs] of [
      [30, 10_000],
      [5, 3000],
      [1, 500],
    ] as const) {
      const { secret } = buildManifest({ ...request, terminationGracePeriodSeconds: graceSeconds }, 'ns')
      expect(JSON.parse(secret.stringData?.['AGENT_JOBS_SPEC'] ?? '')).toMatchObject({ limits: { killGraceMs } })
    }
  })

  it('passes on labels, annotations and all scheduling fields', () => {
    const { job } = buildManifest(
      {
        ...request,
        labels: { 'paperclip.io/agent-id': 'a1', 'app.kubernetes.io/managed-by': 'paperclip' },
        annotations: { note: 'x' },
        scheduling: {
          nodeSelector: { disk: 'ssd' },
          priorityClassName: 'low',
          runtimeClassName: 'gvisor',
          tolerations: [{ operator: 'Exists' }],
        },
        dnsPolicy: 'None',
        pullSecrets: ['reg'],
        envFrom: [{ configMapRef: { name: 'c' } }],
        envValueFrom: { X: { fieldRef: { fieldPath: 'metadata.name' } } },
      },
      'ns',
    )
    expect(job.metadata).toMatchObject({
      labels: { 'paperclip.io/agent-id': 'a1', 'app.kubernetes.io/managed-by': 'paperclip' },
      annotations: { note: 'x' },
    })
    expect(job.spec?.template.metadata?.labels).toMatchObject({ 'paperclip.io/agent-id': 'a1' })
    expect(job.spec?.template.spec).toMatchObject({
      nodeSelector: { disk: 'ssd' },
      priorityClassName: 'low',
      runtimeClassName: 'gvisor',
      tolerations: [{ operator: 'Exists' }],
      dnsPolicy: 'None',
      imagePullSecrets: [{ name: 'reg' }],
    })
    expect(job.spec?.template.spec?.containers[0]?.envFrom).toHaveLength(2)
  })

  it('has valid labels, and settings that read back, for every key and run id', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', minLength: 1 }),
        fc.string({ unit: 'grapheme', minLength: 1 }),
        (key, runId) => {
          const { job, secret, settings } = buildManifest({ ...request, key, runId }, 'ns')
          for (const { metadata } of [job, secret]) {
            for (const value of Object.values(metadata?.labels ?? {})) expect(isLabelValue(value)).toBe(true)
          }
          expect(parseFollowSettings(job.metadata?.annotations?.['agent-jobs.dev/follow'])).toEqual(settings)
          expect(job.metadata?.annotations?.['agent-jobs.dev/run-id']).toBe(runId)
        },
      ),
    )
  })
})

describe('parseFollowSettings', () => {
  it.each([undefined, '', '{', '[]', 'null', '{"version":2}', '{"version":1,"container":"c"}'])(
    'refuses %j',
    (text) => {
      expect(parseFollowSettings(text)).toBeNull()
    },
  )

  it('replaces invalid numbers by their defaults', () => {
    const text = JSON.stringify({
      version: 1,
      container: 'c',
      secret: 's',
      graceSeconds: -1,
      budgetMs: 'x',
      more: true,
    })
    expect(parseFollowSettings(text)).toMatchObject({ graceSeconds: 30, budgetMs: 600_000, retain: false })
  })
})
