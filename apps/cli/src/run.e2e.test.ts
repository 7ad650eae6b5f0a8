import { execFile, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { isNotFound, kinds, type RequestReport } from '@agent-jobs/kube-api'
import { KubeConfig, type V1Job } from '@kubernetes/client-node'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commandLineRun } from '../../../bench/main-job/command-line-run.ts'
import { openMainJobPlace, type MainJobPlace } from '../../../bench/main-job/main-job-place.ts'
import { measureMainJob } from '../../../bench/main-job/measure-main-job.ts'
import { claudeAgent } from './claude-agent.ts'
import { executeRun } from './execute-run.ts'
import type { RunReport } from './run-report.ts'
import { createRunRequest } from './run-request.ts'
import { fakeTerminal } from './testing/fake-terminal.ts'

const main = fileURLToPath(new URL('main.ts', import.meta.url))
const secret = 'e2e-value-that-must-not-leak'

describe.skipIf(!process.env['KUBECONFIG'])('agent-jobs run on a real cluster (skipped: KUBECONFIG is not set)', () => {
  let place: MainJobPlace
  beforeAll(async () => {
    place = await openMainJobPlace('cli-e2e')
  })
  afterAll(() => place[Symbol.asyncDispose]())

  const jobNamed = (name: string): Promise<V1Job> => place.client.get(kinds.Job, { name, namespace: place.namespace })
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
    await expect(jobNamed(String(report.job))).rejects.toSatisfy(isNotFound)
  })

  it('keeps prompt, environment and key out of the Job', async () => {
    const prompt = `A prompt that is nobody's business: ${randomUUID()}`
    const { report } = await run(prompt, '--env', `PLAIN_LOOKING=${secret}`, '--keep')
    const job = JSON.stringify(await jobNamed(String(report.job)))
    const selector = { namespace: place.namespace, labelSelector: `job-name=${report.job}` }
    const pods = JSON.stringify((await place.client.list(kinds.Pod, selector)).items)
    for (const text of [prompt, secret, 'scripted', place.model.url]) {
      expect(job).not.toContain(text)
      expect(pods).not.toContain(text)
    }
    await remove(String(report.job))
  })

  it('costs at most eight API requests, watches included', async () => {
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
      json: true,
      onRequest: (report) => requests.push(report),
    })
    expect(exitCode).toBe(0)
    expect(requests.map(({ method, path }) => `${method} ${path.replace(/\?.*/, '')}`).length).toBeLessThanOrEqual(8)
    expect(requests.filter(({ method }) => method === 'POST')).toHaveLength(2)
  })

  it('fails with what the service said', async () => {
    const { stdout, exitCode } = await commandLineRun(place, ['--prompt', 'Pay, please'], 'billing')
    expect(exitCode).toBe(1)
    expect(JSON.parse(stdout)).toMatchObject({ outcome: 'exited', exitCode: 1, errorCode: 'billing_required' })
  })

  it('leaves Job and Secret alone when it is killed mid-run', async () => {
    const env = Object.entries(place.env('hang')).flatMap(([name, value]) => ['--env', `${name}=${value}`])
    const args = ['run', '--namespace', place.namespace, '--image', place.image, '--prompt', 'Think long', ...env]
    const child = spawn(process.execPath, ['--conditions=@agent-jobs/source', main, ...args], {
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    const closed = new Promise((resolve) => child.once('close', resolve))
    let shown = ''
    for await (const chunk of child.stdout) {
      shown += String(chunk)
      if (shown.includes('  session ')) break
    }
    child.kill('SIGKILL')
    await closed
    const name = /submitted (\S+)/.exec(shown)?.[1] ?? ''
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

  it('says which image is not to be had', async () => {
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

  it('says so when the image holds no node', async () => {
    const image = await imageWithoutNode()
    const { exitCode, stdout } = await commandLineRun({ ...place, image }, ['--prompt', 'x'])
    expect(exitCode).toBe(1)
    const report: RunReport = JSON.parse(stdout)
    expect(report).toMatchObject({ outcome: 'startFailed', errorCode: 'start_failed' })
    expect(report.errorMessage).toMatch(/"?node"?.*not found in \$PATH/)
    expect(report.errorMessage).toContain('needs `node` on its PATH')
  })

  it('says so when the image holds no agent', async () => {
    const { exitCode, report } = await run('x', '--env', 'PATH=/usr/bin')
    expect(exitCode).toBe(1)
    expect(report.errorCode).toBe('start_failed')
    expect(report.errorMessage).toContain('claude')
  })

  it('takes at most 0.6 of the time of a plain Job, 0.75 with a volume', async () => {
    const { bareMs, runMs, runWithVolumeMs } = await measureMainJob(place, 5, (text) =>
      process.stderr.write(`${text}\n`),
    )
    expect(runMs / bareMs).toBeLessThanOrEqual(0.6)
    expect(runWithVolumeMs / bareMs).toBeLessThanOrEqual(0.75)
  })
})

/** An image of one static file, made with the cluster's own tool: it can run nothing. */
async function imageWithoutNode(): Promise<string> {
  const tool =
    process.env['AGENT_JOBS_E2E_IMAGE_TOOL'] ??
    fileURLToPath(new URL('../../../../shared/cluster/image', import.meta.url))
  const folder = await mkdtemp(join(tmpdir(), 'cli-e2e-image-'))
  try {
    await writeFile(join(folder, 'hello.txt'), 'There is no program here.\n')
    await promisify(execFile)(tool, ['local/no-node:1', folder])
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
  return 'local/no-node:1'
}
