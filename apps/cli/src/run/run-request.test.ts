import { buildManifest } from '@agent-jobs/k8s-job-runner'
import { describe, expect, it } from 'vitest'
import { claudeAgent } from '@agent-jobs/adapter-claude-k8s/agent'
import { createRunRequest, type RunWish } from './run-request.ts'

const wish: RunWish = {
  agent: claudeAgent,
  image: 'agent:1',
  runId: '00000000-0000-4000-8000-00000000abcd',
  prompt: 'the prompt of the test',
  secretEnv: { ANTHROPIC_API_KEY: 'sk-of-the-test', PLAIN: 'plain-of-the-test' },
}
const jobOf = (more: Partial<RunWish> = {}): string =>
  JSON.stringify(buildManifest(createRunRequest({ ...wish, ...more }), 'ns').job)

describe('createRunRequest', () => {
  it('keeps prompt and given environment out of the Job', () => {
    const job = jobOf()
    for (const secret of [wish.prompt, ...Object.values(wish.secretEnv)]) expect(job).not.toContain(secret)
  })

  it('lets a given variable replace a built-in one', () => {
    const given = createRunRequest({ ...wish, secretEnv: { DISABLE_AUTOUPDATER: '0' } })
    expect(given.env).toEqual({ CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1' })
    expect(given.secretEnv).toEqual({ DISABLE_AUTOUPDATER: '0' })
  })

  it('feeds the prompt on stdin, without a dash', () => {
    const { command } = createRunRequest({ ...wish, model: 'opus', extra: ['--max-turns', '3'] })
    expect(command.stdin).toBe(wish.prompt)
    expect(command.argv.slice(command.argv.indexOf('claude', 8)).join(' ')).toBe(
      'claude --print --output-format stream-json --verbose --dangerously-skip-permissions --model opus --max-turns 3',
    )
  })

  it('mounts claims', () => {
    const request = createRunRequest({ ...wish, claims: [{ claim: 'data', path: '/paperclip' }] })
    expect(request.volumes).toEqual([{ name: 'claim-0', persistentVolumeClaim: { claimName: 'data' } }])
    expect(request.mounts).toEqual([{ name: 'claim-0', mountPath: '/paperclip' }])
  })

  it('has no volume unless one was requested', () => {
    expect(jobOf()).not.toContain('"volumes":[{')
  })

  it("limits the agent's time in the launcher, and the pod's a little later", () => {
    const request = createRunRequest({ ...wish, timeoutMs: 90_500, startTimeoutMs: 120_000 })
    expect(request.command.limits).toMatchObject({ totalMs: 90_500 })
    // The pod's own deadline includes its start: without anybody who follows it, it ends all the same.
    const pod = buildManifest(request, 'agents').job.spec?.template.spec
    expect(pod?.activeDeadlineSeconds).toBeGreaterThan(90 + 120)
    expect(buildManifest(createRunRequest(wish), 'agents').job.spec?.activeDeadlineSeconds).toBeGreaterThan(0)
  })

  it('requests a share of the processor, and memory only when an amount is given', () => {
    expect(createRunRequest(wish).resources).toEqual({ requests: { cpu: '100m' } })
    expect(createRunRequest({ ...wish, cpu: '2', memory: '1Gi' }).resources).toEqual({
      requests: { cpu: '2', memory: '1Gi' },
      limits: { memory: '1Gi' },
    })
  })

  it('names the Job after the run, or after a key that was given', () => {
    expect(createRunRequest(wish).name).toBe('claude-00000000abcd')
    const keyed = createRunRequest({ ...wish, key: 'team-7' })
    expect(keyed).toMatchObject({ key: 'team-7', namePrefix: 'claude' })
    expect(keyed.name).toBeUndefined()
  })
})
