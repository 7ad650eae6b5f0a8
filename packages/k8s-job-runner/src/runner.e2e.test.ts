import { kinds, type KubeClient } from '@agent-jobs/kube-api'
import { randomUUID } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  connect,
  kubeConfigPath,
  podTerminal,
  removeJobs,
  request,
  sh,
  unlessThere,
} from '../test/support/real-cluster.ts'
import { killHard, startRunProcess, type RunMessage } from '../test/support/run-process.ts'
import { createJobRunner, type JobRunner, type RunEvent, type RunHandle, type RunRequest } from './index.ts'
import { label } from './labels.ts'

const namespace = 'runner-e2e'

let client: KubeClient
let runner: JobRunner
const requests: string[] = []

async function collect(run: RunHandle): Promise<RunEvent[]> {
  const events: RunEvent[] = []
  for await (const event of run.events) events.push(event)
  return events
}
const linesOf = (events: readonly RunEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'line' ? [`${event.stream}: ${event.text}`] : []))

/** Reads events until one matches, and leaves the rest to the caller. */
async function until(events: AsyncIterator<RunEvent>, matches: (event: RunEvent) => boolean): Promise<RunEvent[]> {
  const seen: RunEvent[] = []
  for (;;) {
    const { value, done } = await events.next()
    if (done === true) throw new Error(`the events ended before one matched: ${JSON.stringify(seen)}`)
    seen.push(value)
    if (matches(value)) return seen
  }
}
const rest = async (events: AsyncIterator<RunEvent>): Promise<RunEvent[]> =>
  collect({ events: { [Symbol.asyncIterator]: () => events } } as RunHandle)
const isLine = (event: RunEvent): boolean => event.type === 'line'

describe.skipIf(kubeConfigPath === '')('a run on a real cluster', { concurrent: false }, () => {
  beforeAll(async () => {
    client = connect((line) => requests.push(line))
    runner = createJobRunner({ client, namespace })
    await unlessThere(client.create(kinds.Namespace, { metadata: { name: namespace } }))
  })
  afterAll(async () => {
    await removeJobs(client, namespace)
    await client.close()
  })

  it('delivers every line, ends with the exit, leaves nothing, and takes six requests besides those for its log', async () => {
    requests.length = 0
    const run = await runner.start(
      request({ command: sh('echo one; echo two >&2; i=0; while [ $i -lt 200 ]; do echo $i; i=$((i+1)); done') }),
    )
    const events = await collect(run)
    await run.settled
    expect(await run.outcome).toMatchObject({ kind: 'succeeded', exitCode: 0, source: 'end_record' })
    expect(linesOf(events).filter((line) => line.startsWith('stdout'))).toEqual(
      ['one', ...Array(200).keys()].map((text) => `stdout: ${text}`),
    )
    expect(linesOf(events)).toContain('stderr: two')
    expect(events.slice(-2)).toMatchObject([{ type: 'output', verdict: 'complete' }, { type: 'outcome' }])
    const isLog = (line: string): boolean => line.endsWith('/log')
    expect(requests.filter((line) => !isLog(line)).length, requests.join('\n')).toBeLessThanOrEqual(6)
    expect(requests.filter(isLog).length).toBeLessThanOrEqual(12)
    const { items } = await client.list(kinds.Job, { namespace })
    const left = items.filter(
      ({ metadata }) => metadata?.uid === run.job.uid && metadata.deletionTimestamp === undefined,
    )
    expect(left).toEqual([])
  })

  it.each([
    ['exit 3', { command: sh('exit 3') }, { kind: 'exited', exitCode: 3 }],
    ['a crash by a signal', { command: sh('kill -SEGV $$') }, { kind: 'signalled', signal: 'SIGSEGV' }],
    ['a kill from inside', { command: sh('kill -9 $$') }, { kind: 'signalled', signal: 'SIGKILL' }],
    [
      'memory',
      {
        command: { argv: ['node', '-e', 'const all = []; for (;;) all.push(Buffer.alloc(1 << 24, 1))'] },
        resources: { limits: { memory: '160Mi' } },
      },
      { kind: 'oomKilled' },
    ],
    ['a program that is not there', { command: { argv: ['/no/such/program'] } }, { kind: 'startFailed' }],
    ['an image name that is none', { image: 'UPPER/Case:1' }, { kind: 'imageError', reason: 'InvalidImageName' }],
    ['an image that is not there', { image: 'local/absent:1', start: { budgetSeconds: 3 } }, { kind: 'imageError' }],
    [
      'no node that fits',
      { scheduling: { nodeSelector: { none: 'such' } }, start: { unschedulableGraceSeconds: 1 } },
      { kind: 'unschedulable', cause: 'affinity' },
    ],
    [
      'a missing service account',
      { serviceAccountName: 'absent', start: { refusedGraceSeconds: 1 } },
      { kind: 'admissionDenied' },
    ],
    [
      'a missing ConfigMap volume',
      {
        volumes: [{ name: 'v', configMap: { name: 'absent' } }],
        mounts: [{ name: 'v', mountPath: '/v' }],
        start: { missingGraceSeconds: 2 },
      },
      { kind: 'configError', reason: 'FailedMount' },
    ],
    [
      'a missing Secret in the environment',
      { envFrom: [{ secretRef: { name: 'absent' } }], start: { missingGraceSeconds: 2 } },
      { kind: 'configError', reason: 'CreateContainerConfigError' },
    ],
    [
      "the pod's deadline",
      { command: sh('sleep 60'), deadlineSeconds: 2, terminationGracePeriodSeconds: 2 },
      { kind: 'deadlineExceeded', limit: 'pod' },
    ],
    [
      'the total limit',
      { command: { ...sh('sleep 60'), limits: { totalMs: 500 } } },
      { kind: 'deadlineExceeded', limit: 'total' },
    ],
    [
      'the idle limit',
      { command: { ...sh('echo x; sleep 60'), limits: { idleMs: 500 } } },
      { kind: 'deadlineExceeded', limit: 'idle' },
    ],
  ] as const)('names %s', async (_, fields, expected) => {
    const run = await runner.start(request(fields as Partial<RunRequest>))
    await collect(run)
    expect(await run.outcome).toMatchObject(expected)
    await run.settled
  })

  it('says who cancelled, delivers the last output, and observes that the pod is gone', async () => {
    const run = await runner.start(
      request({ command: sh('trap "echo bye; exit 5" TERM; echo up; while :; do sleep 0.1; done') }),
    )
    const events = run.events[Symbol.asyncIterator]()
    await until(events, isLine)
    const verdict = run.cancel({ by: 'ada', graceSeconds: 10 })
    expect(linesOf(await rest(events))).toContain('stdout: bye')
    expect(await run.outcome).toMatchObject({ kind: 'cancelled', by: 'ada', exitCode: 5 })
    expect(await verdict).toBe('gone')
  })

  it('cancels a run that has not started', async () => {
    const run = await runner.start(request({ scheduling: { nodeSelector: { none: 'such' } } }))
    expect(await run.cancel({ by: 'ada' })).toBe('gone')
    expect(await run.outcome).toMatchObject({ kind: 'cancelled', by: 'ada', exitCode: null })
  })

  it('tells a deletion by someone else from an end, and still delivers the last output', async () => {
    const run = await runner.start(
      request({ command: sh('trap "echo bye; exit 0" TERM; echo up; while :; do sleep 0.1; done') }),
    )
    const events = run.events[Symbol.asyncIterator]()
    await until(events, isLine)
    await client.delete(kinds.Pod, { name: run.pod?.name ?? '', namespace })
    expect(linesOf(await rest(events))).toContain('stdout: bye')
    expect(await run.outcome).toMatchObject({ kind: 'deletedExternally', exitCode: 0, seen: { what: 'pod' } })
  })

  it('reports an unknown exit when the pod is deleted by force', async () => {
    const run = await runner.start(request({ command: sh('echo up; sleep 60') }))
    const events = run.events[Symbol.asyncIterator]()
    await until(events, isLine)
    await client.delete(kinds.Pod, { name: run.pod?.name ?? '', namespace, gracePeriodSeconds: 0 })
    await rest(events)
    expect(await run.outcome).toMatchObject({ kind: 'deletedExternally', seen: { what: 'pod' } })
  })

  it('names a quota that leaves no room, and starts once there is room', async () => {
    const name = 'no-room'
    const kind = kinds.ResourceQuota
    const uid = randomUUID().slice(0, 8)
    const scarce = `${namespace}-${uid}`
    await client.create(kinds.Namespace, { metadata: { name: scarce } })
    try {
      await client.create(kind, { metadata: { name, namespace: scarce }, spec: { hard: { pods: '0' } } })
      const there = createJobRunner({ client, namespace: scarce })
      const refused = await there.start(request({ start: { refusedGraceSeconds: 1 } }))
      expect(await refused.outcome).toMatchObject({ kind: 'quotaExceeded', message: expect.stringContaining(name) })
      await refused.settled
      const patient = await there.start(request({ command: sh('echo in') }))
      const events = patient.events[Symbol.asyncIterator]()
      await until(events, (event) => event.type === 'warning' && event.code === 'event_FailedCreate')
      await client.delete(kind, { name, namespace: scarce })
      expect(linesOf(await rest(events))).toEqual(['stdout: in'])
    } finally {
      await client.delete(kinds.Namespace, { name: scarce })
    }
  })

  it('reports an eviction', async () => {
    const run = await runner.start(request({ command: sh('echo up; sleep 60'), terminationGracePeriodSeconds: 4 }))
    const events = run.events[Symbol.asyncIterator]()
    await until(events, isLine)
    const name = run.pod?.name ?? ''
    await client.request({
      method: 'POST',
      path: `/api/v1/namespaces/${namespace}/pods/${name}/eviction`,
      body: { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name, namespace } },
    })
    await rest(events)
    expect(await run.outcome).toMatchObject({ kind: 'evicted', by: 'api', reason: 'EvictionByEvictionAPI' })
  })

  it('continues from the cursor after kill -9 of the following process', async () => {
    const wanted = request({ command: sh('i=0; while [ $i -lt 40 ]; do echo $i; i=$((i+1)); sleep 0.1; done') })
    const { child, messages } = startRunProcess(kubeConfigPath, namespace, wanted)
    const seen: RunMessage[] = []
    for await (const message of messages) {
      seen.push(message)
      if (message.event?.type === 'line' && message.event.text === '7') break
    }
    await killHard(child)
    const last = seen.at(-1)?.event
    const job = seen.find(({ started }) => started !== undefined)?.started
    if (last?.type !== 'line' || job === undefined) throw new Error('expected a line and a Job')
    const run = await runner.attach({ job: job.name, uid: job.uid, cursor: last.cursor })
    expect(run).toMatchObject({ key: wanted.key, runId: wanted.runId })
    const events = await collect(run)
    const before = linesOf(seen.flatMap(({ event }) => (event === undefined ? [] : [event])))
    expect([...before, ...linesOf(events)]).toEqual([...Array(40).keys()].map((n) => `stdout: ${n}`))
    expect(await run.outcome).toMatchObject({ kind: 'succeeded' })
  })

  it('gives a key to exactly one of many starts in two processes and in this one', async () => {
    const key = `key-${randomUUID()}`
    const wanted = () => request({ key, command: sh('sleep 300') })
    const processes = [1, 2].map(() => startRunProcess(kubeConfigPath, namespace, wanted()))
    const others = processes.map(async ({ messages }) => {
      for await (const message of messages) if (message.started ?? message.refused) return message.refused ?? 'started'
      return 'nothing'
    })
    const here = Array.from({ length: 30 }, async () => {
      try {
        await (await runner.start(wanted())).detach()
        return 'started'
      } catch (error) {
        return (error as { code: string }).code
      }
    })
    const results = await Promise.all([...others, ...here])
    const { items } = await client.list(kinds.Job, { namespace })
    const made = items.filter(({ metadata }) => metadata?.annotations?.['agent-jobs.dev/key'] === key)
    expect(made).toHaveLength(1)
    expect(results.filter((result) => result === 'started')).toHaveLength(1)
    expect(results.filter((result) => result === 'run_locked')).toHaveLength(31)
    await Promise.all(processes.map(({ child }) => killHard(child)))
    const run = await runner.attach({ job: made[0]?.metadata?.name ?? '' })
    expect(await run.cancel({ by: 'test', graceSeconds: 1 })).toBe('gone')
  })

  it('takes a key over from a run that ended unobserved', async () => {
    const key = `key-${randomUUID()}`
    const { child, messages } = startRunProcess(
      kubeConfigPath,
      namespace,
      request({ key, command: sh('echo up; sleep 3') }),
    )
    for await (const message of messages) if (message.event?.type === 'line') break
    await killHard(child)
    const second = () => runner.start(request({ key, command: sh('echo second') }))
    await expect(second()).rejects.toMatchObject({
      code: 'run_locked',
      holder: { job: expect.stringContaining('run-') },
    })
    const { items } = await client.list(kinds.Job, { namespace })
    const holder = items.find(({ metadata }) => metadata?.annotations?.['agent-jobs.dev/key'] === key)
    const first = await runner.attach({ job: holder?.metadata?.name ?? '' })
    expect(await first.outcome).toMatchObject({ kind: 'succeeded' })
    // Nothing tears it down: what is left is a Job that has ended and its Secret.
    await first.detach()
    await podTerminal(client, namespace, first.job.uid)
    const run = await second()
    expect(linesOf(await collect(run))).toEqual(['stdout: second'])
  })

  it('starts the next run of a key right after the outcome of the last', async () => {
    const key = `key-${randomUUID()}`
    for (const word of ['one', 'two', 'three']) {
      const run = await runner.start(request({ key, command: sh(`echo ${word}`) }))
      expect(linesOf(await collect(run))).toEqual([`stdout: ${word}`])
    }
  })

  it('gives the same Job to a second start of the same run', async () => {
    const wanted = request({ command: sh('echo up; sleep 1') })
    const [first, second] = await Promise.all([runner.start(wanted), runner.start(wanted)])
    expect(first.job).toEqual(second.job)
    expect((await Promise.all([first.outcome, second.outcome])).map(({ kind }) => kind)).toEqual([
      'succeeded',
      'succeeded',
    ])
  })

  it('keeps prompt, files and secret environment out of everything but the Secret', async () => {
    const hidden = ['prompt-3b1f', 'file-77aa', 'token-9c2e']
    const run = await runner.start(
      request({
        command: {
          ...sh('cat; cat /tmp/f; echo $TOKEN'),
          stdin: `${hidden[0]}\n`,
          files: [{ path: '/tmp/f', content: `${hidden[1]}\n` }],
        },
        secretEnv: { TOKEN: hidden[2] ?? '' },
        retain: true,
      }),
    )
    expect(linesOf(await collect(run))).toEqual(hidden.map((text) => `stdout: ${text}`))
    await run.settled
    const job = await client.get(kinds.Job, { name: run.job.name, namespace })
    const pod = await client.get(kinds.Pod, { name: run.pod?.name ?? '', namespace })
    const secrets = await client.list(kinds.Secret, {
      namespace,
      labelSelector: `${label.runHash}=${job.metadata?.labels?.[label.runHash]}`,
    })
    for (const text of hidden) {
      expect(JSON.stringify([job.metadata, job.spec, pod.metadata, pod.spec])).not.toContain(text)
      expect(JSON.stringify([job, pod])).not.toContain(Buffer.from(text).toString('base64'))
    }
    // Retained: Job and pod stay, the Secret does not.
    expect(secrets.items).toEqual([])
  })

  it('lists runs, and reaps nothing that is live', async () => {
    const run = await runner.start(request({ command: sh('sleep 5') }))
    const summaries = await runner.list()
    expect(summaries.find(({ uid }) => uid === run.job.uid)).toMatchObject({
      runId: run.runId,
      key: run.key,
      state: 'active',
    })
    const { items } = await runner.reap({ dryRun: true, olderThanMs: 0 })
    expect(items.find(({ runId }) => runId === run.runId)).toMatchObject({ action: 'kept', reason: 'its run is live' })
    expect(await run.cancel({ by: 'test', graceSeconds: 3 })).toBe('gone')
  })
})
