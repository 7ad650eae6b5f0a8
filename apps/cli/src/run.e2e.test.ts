import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { text } from 'node:stream/consumers'
import { kinds, type RequestReport } from '@agent-jobs/kube-api'
import { KubeConfig, type V1Job } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandLineRun } from '../../../bench/main-job/command-line-run.ts'
import { openMainJobPlace, podsReachUs, type MainJobPlace } from '../../../bench/main-job/main-job-place.ts'
import { measureMainJob } from '../../../bench/main-job/measure-main-job.ts'
import { claudeAgent } from '@agent-jobs/adapter-claude-k8s/agent'
import { executeRun } from './run/execute-run.ts'
import { opencodeAgent } from '@agent-jobs/adapter-opencode-k8s/agent'
import { runCli } from './run-cli.ts'
import type { RunReport } from './run/run-report.ts'
import { createRunRequest } from './run/run-request.ts'
import { fakeTerminal } from '../test/fake-terminal.ts'

/** An image that can run neither a shell nor Node. */
const imageWithoutNode = process.env['AGENT_JOBS_E2E_BARE_IMAGE'] ?? 'local/pause:1'
const main = fileURLToPath(new URL('main.ts', import.meta.url))
const secret = 'e2e-value-that-must-not-leak'

describe.skipIf(!process.env['KUBECONFIG'])('agent-jobs run on a real cluster (skipped: KUBECONFIG is not set)', () => {
  let place: MainJobPlace
  beforeAll(async () => {
    place = await openMainJobPlace('cli-e2e')
  })
  afterAll(() => place[Symbol.asyncDispose]())

  const jobNamed = (name: string): Promise<V1Job> => place.client.get(kinds.Job, { name, namespace: place.namespace })
  /** Resolves when the Job does not exist; a Foreground deletion takes as long as its pods do. */
  const gone = async (name: string): Promise<void> => {
    const watching = new AbortController()
    const selection = { namespace: place.namespace, fieldSelector: `metadata.name=${name}`, signal: watching.signal }
    let there = false
    for await (const event of place.client.listWatch(kinds.Job, selection)) {
      if (event.type !== 'synced') there = event.type !== 'deleted'
      if (!there && event.type !== 'added') break
    }
    watching.abort()
  }
  /** Resolves when the cluster reports the end, which the log proves earlier. */
  const completed = async (name: string): Promise<void> => {
    const watching = new AbortController()
    const selection = { namespace: place.namespace, fieldSelector: `metadata.name=${name}`, signal: watching.signal }
    for await (const event of place.client.listWatch(kinds.Job, selection)) {
      if (event.type === 'synced' || event.type === 'deleted') continue
      if (event.object.status?.conditions?.some(({ type, status }) => type === 'Complete' && status === 'True')) break
    }
    watching.abort()
  }
  const remove = (name: string): Promise<void> =>
    place.client.delete(kinds.Job, { name, namespace: place.namespace, propagationPolicy: 'Foreground' })
  const run = async (
    prompt: string,
    ...more: string[]
  ): Promise<{ exitCode: number | null; report: RunReport; stderr: string }> => {
    const { exitCode, stdout, stderr } = await commandLineRun(place, ['--prompt', prompt, ...more])
    const report: RunReport = JSON.parse(stdout)
    return { exitCode, report, stderr }
  }

  it('runs the real Claude Code and reports it as one JSON object', async () => {
    const { exitCode, report, stderr } = await run('Please look at this workspace and report.')
    expect(exitCode).toBe(0)
    expect(report).toMatchObject({
      job: expect.stringMatching(/^claude-/),
      pod: expect.stringMatching(/^claude-/),
      node: expect.any(String),
      outcome: 'succeeded',
      exitCode: 0,
      sessionId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      model: expect.stringContaining('claude'),
      summary: expect.stringContaining('“Please look at this workspace and report.”'),
      errorCode: null,
      errorMessage: null,
    })
    expect(report.costUsd).toBeGreaterThan(0)
    const { submittedMs, runningMs, firstLineMs, endedMs } = report.timings
    const times = [submittedMs, runningMs, firstLineMs, endedMs].map(Number)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(stderr).toContain('✔ succeeded')
    await gone(String(report.job))
  })

  it('keeps prompt, environment and key out of the Job', async () => {
    const prompt = `A confidential prompt: ${randomUUID()}`
    const { report } = await run(prompt, '--env', `PLAIN_LOOKING=${secret}`, '--keep')
    const job = JSON.stringify(await jobNamed(String(report.job)))
    const selector = { namespace: place.namespace, labelSelector: `job-name=${report.job}` }
    const pods = JSON.stringify((await place.client.list(kinds.Pod, selector)).items)
    for (const hidden of [prompt, secret, 'scripted', place.model.url]) {
      expect(job).not.toContain(hidden)
      expect(pods).not.toContain(hidden)
    }
    await remove(String(report.job))
  })

  it('costs six API requests, watches included, and a few for its log', async () => {
    const kubeConfig = new KubeConfig()
    kubeConfig.loadFromDefault()
    const requests: RequestReport[] = []
    const terminal = fakeTerminal()
    const request = createRunRequest({
      agent: claudeAgent,
      image: place.image,
      runId: randomUUID(),
      prompt: 'Count them.',
      secretEnv: place.env('text'),
    })
    const exitCode = await executeRun({
      kubeConfig,
      namespace: place.namespace,
      request,
      agent: claudeAgent,
      model: undefined,
      terminal,
      began: Date.now(),
      output: 'json',
      onRequest: (report) => requests.push(report),
    })
    expect(exitCode).toBe(0)
    const lines = requests.map(({ method, path, status }) => `${method} ${path.replace(/\?.*/, '')} ${status}`)
    const ofLog = lines.filter((line) => line.includes('/log '))
    expect(lines.length - ofLog.length, lines.join('\n')).toBeLessThanOrEqual(6)
    // The output, at least three to prove its end, and one look at the newest line.
    expect(ofLog.length, lines.join('\n')).toBeLessThanOrEqual(12)
    expect(requests.filter(({ method }) => method === 'POST')).toHaveLength(2)
  })

  it('fails with the message of the service', async () => {
    const { stdout, exitCode } = await commandLineRun(place, ['--prompt', 'Pay, please'], 'billing')
    expect(exitCode).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'exited', exitCode: 1, errorCode: 'billing_required' })
  })

  /** Starts a run whose model never answers, and resolves when the agent is at work. */
  const startWaitingRun = async (): Promise<WaitingRun> => {
    const env = Object.entries(place.env('hang')).flatMap(([name, value]) => ['--env', `${name}=${value}`])
    const args = [
      'run',
      '--namespace',
      place.namespace,
      '--image',
      place.image,
      '--prompt',
      'Think long',
      '--json',
      ...env,
    ]
    const child = spawn(process.execPath, ['--conditions=@agent-jobs/source', main, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
    const stdout = text(child.stdout)
    const atWork = Promise.withResolvers<string>()
    let shown = ''
    child.stderr.on('data', (chunk) => {
      shown += String(chunk)
      if (shown.includes('  session ')) atWork.resolve(/submitted (\S+)/.exec(shown)?.[1] ?? '')
    })
    return { job: await atWork.promise, kill: (signal) => child.kill(signal), closed, stdout }
  }

  it('leaves Job and Secret alone when it is killed mid-run', async () => {
    const { job: name, kill, closed } = await startWaitingRun()
    kill('SIGKILL')
    await closed
    const job = await jobNamed(name)
    expect(job.status).toMatchObject({ active: 1 })
    expect(job.metadata?.deletionTimestamp).toBeUndefined()
    const { items } = await place.client.list(kinds.Secret, { namespace: place.namespace })
    const owners = items.flatMap((item) => item.metadata?.ownerReferences ?? [])
    expect(owners.map((owner) => owner.uid)).toContain(job.metadata?.uid)
    const selector = { namespace: place.namespace, labelSelector: `job-name=${name}` }
    const [pod] = (await place.client.list(kinds.Pod, selector)).items
    expect(pod?.status?.phase).toBe('Running')
    await remove(name)
  })

  it('cancels on Ctrl-C: the agent gets SIGTERM, and the Job is removed', async () => {
    const { job: name, kill, closed, stdout } = await startWaitingRun()
    kill('SIGINT')
    expect(await closed).toBe(130)
    const report: RunReport = JSON.parse(await stdout)
    expect(report).toMatchObject({ job: name, outcome: 'cancelled', errorCode: 'cancelled', exitCode: 143 })
    await gone(name)
  })

  it('submits a run that others list, follow, and stop', async () => {
    const env = { ...process.env, ...place.env('text') }
    const command = async (...args: string[]): Promise<{ code: number; out: string; err: string }> => {
      const terminal = fakeTerminal({ env })
      const code = await runCli([...args, '--namespace', place.namespace], terminal)
      return { code, out: terminal.stdout(), err: terminal.stderr() }
    }
    // Keys by name only: their values must not appear in an argument list.
    const given = Object.keys(place.env('text')).flatMap((name) => ['-e', name])
    const submitted = await command('run', '--image', place.image, '-p', 'Say hello', ...given, '--detach')
    const job = submitted.out.trim()
    expect(submitted).toMatchObject({ code: 0, err: expect.stringContaining(`agent-jobs logs ${job}`) })
    const rows = (await command('ps', '--json')).out.trim().split('\n')
    expect(rows.map((row) => JSON.parse(row))).toContainEqual(expect.objectContaining({ job, agent: 'claude' }))
    const followed = await command('logs', job, '--json')
    expect(followed.code).toBe(0)
    expect(JSON.parse(followed.out)).toMatchObject({
      job,
      outcome: 'succeeded',
      summary: expect.stringContaining('hello'),
    })
    await completed(job)
    expect(await command('cancel', job)).toMatchObject({ code: 0, out: `${job} had ended before\n` })
    await remove(job)
  })

  it('runs OpenCode too', async () => {
    const env = opencodeAgent.scriptedModel?.env(place.model.scenarioUrl('text')) ?? {}
    const more = Object.entries(env).flatMap(([name, value]) => ['--env', `${name}=${value}`])
    const { exitCode, report } = await run(
      'Please report.',
      '--agent',
      'opencode',
      '--model',
      'scripted/scripted-model',
      ...more,
    )
    expect(exitCode).toBe(0)
    expect(report).toMatchObject({
      outcome: 'succeeded',
      sessionId: expect.stringMatching(/^ses_/),
      model: 'scripted/scripted-model',
      summary: expect.stringContaining('“Please report.”'),
    })
  })

  it('shows the demo on this cluster', async () => {
    const terminal = fakeTerminal({ env: process.env })
    const args = [
      'demo',
      '--cluster',
      'current',
      '--image',
      place.image,
      '--namespace',
      place.namespace,
      '--model-host',
      podsReachUs,
    ]
    expect(await runCli(args, terminal)).toBe(0)
    expect(terminal.stdout()).toMatch(/● running[\s\S]*▸ You asked:[\s\S]*✔ succeeded/)
  })

  it('names the image that cannot be pulled', async () => {
    const { exitCode, stdout } = await commandLineRun({ ...place, image: 'registry.invalid/no-such-image:1' }, [
      '--prompt',
      'x',
      '--start-timeout',
      '5s',
    ])
    expect(exitCode).toBe(1)
    const report: RunReport = JSON.parse(stdout)
    expect(report).toMatchObject({ outcome: 'imageError', errorCode: 'image_error', exitCode: null })
    expect(report.errorMessage).toContain('no-such-image')
  })

  it('says so when the image holds neither shell nor node', async () => {
    const { exitCode, stdout } = await commandLineRun({ ...place, image: imageWithoutNode }, ['--prompt', 'x'])
    expect(exitCode).toBe(1)
    const report: RunReport = JSON.parse(stdout)
    expect(report).toMatchObject({ outcome: 'startFailed', errorCode: 'start_failed' })
    expect(report.errorMessage).toMatch(/exec: "\/bin\/sh": stat \/bin\/sh: no such file/)
    expect(report.errorMessage).toContain('needs `node` (18 or newer) on its PATH, and `/bin/sh`')
  })

  it('says so when the image holds no agent', async () => {
    // The image has Claude Code and OpenCode.
    const { exitCode, report } = await run('x', '--agent', 'codex')
    expect(exitCode).toBe(1)
    expect(report.errorCode).toBe('image_lacks')
    expect(report.errorMessage).toContain('codex: not found')
  })

  // The end of a run counts when the kubelet confirms it, about once a second, as for a plain Job. The bench `main-job`
  // measures the ratio on a quiet machine.
  it(
    'ends with a plain Job of the same image and command, with a volume one status of the kubelet later',
    { retry: 2 },
    async () => {
      const log = (line: string): boolean => process.stderr.write(`${line}\n`)
      const { bareMs, runMs, runWithVolumeMs } = await measureMainJob(place, 5, log)
      expect(runMs).toBeLessThanOrEqual(bareMs + 250)
      expect(runWithVolumeMs).toBeLessThanOrEqual(bareMs + 1250)
    },
  )
})

interface WaitingRun {
  readonly job: string
  kill(signal: 'SIGKILL' | 'SIGINT'): void
  readonly closed: Promise<number | null>
  readonly stdout: Promise<string>
}
