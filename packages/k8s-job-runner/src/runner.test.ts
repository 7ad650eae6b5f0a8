import { kinds, type KubeObject, type ResourceKind } from '@agent-jobs/kube-api'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import {
  collect,
  firstLine,
  frames,
  linesOf,
  rest,
  startWorld,
  type Server,
  type World,
} from '../test/support/world.ts'

let world: World
let server: Server
beforeAll(async () => {
  world = await startWorld()
  server = world.server()
})
afterAll(async () => {
  await world[Symbol.asyncDispose]()
})

const namespace = 'default'

describe('a run on mini-kube', () => {
  it('goes through the real launcher and delivers both streams, the exit and nothing else', async () => {
    const run = await server.runner.start({
      key: 'real',
      runId: 'r1',
      image: 'any',
      command: { argv: ['sh', '-c', 'cat; echo "$TOKEN" >&2; exit 3'], stdin: 'from stdin\n' },
      secretEnv: { TOKEN: 'from secret' },
    })
    const events = await collect(run.events)
    expect(linesOf(events).toSorted()).toEqual(['from secret', 'from stdin'])
    expect(await run.outcome).toMatchObject({ kind: 'exited', exitCode: 3, source: 'end_record' })
    expect(events.at(-2)).toEqual({ type: 'output', verdict: 'complete' })
  })

  it('takes three requests to submit, eight in all, and a few at its end to prove it', async () => {
    const own = world.server()
    const run = await own.runner.start(frames(['lines', '5', '1']))
    expect(own.requests.filter((request) => !request.startsWith('GET'))).toEqual([
      'POST /api/v1/namespaces/default/secrets 201',
      'POST /apis/batch/v1/namespaces/default/jobs 201',
      expect.stringMatching(/^PATCH .*secrets\/run-key-.* 200$/),
    ])
    await run.outcome
    await run.settled
    const isLog = (line: string): boolean => /\/log /.test(line)
    expect(own.requests.filter((line) => !isLog(line)).length, own.requests.join('\n')).toBeLessThanOrEqual(6)
    expect(own.requests.filter(isLog).length).toBeLessThanOrEqual(12)
    expect(own.warnings).toEqual([])
  })

  /** Waits until no object of a kind is left for a run. */
  async function allGone(kind: ResourceKind<KubeObject>, runId: string): Promise<'all gone'> {
    const stop = new AbortController()
    const alive = new Set<string>()
    const labelSelector = `agent-jobs.dev/run-id=${runId}`
    for await (const event of server.client.listWatch(kind, { namespace, labelSelector, signal: stop.signal })) {
      if (event.type === 'deleted') alive.delete(event.object.metadata?.uid ?? '')
      else if (event.type !== 'synced') alive.add(event.object.metadata?.uid ?? '')
      if (event.type !== 'added' && event.type !== 'modified' && alive.size === 0) break
    }
    stop.abort()
    return 'all gone'
  }

  it('removes pods, Job and Secret when it has ended', async () => {
    const run = await server.runner.start(frames(['lines', '1']))
    await run.settled
    for (const kind of [kinds.Job, kinds.Pod, kinds.Secret]) expect(await allGone(kind, run.runId)).toBe('all gone')
  })

  it('removes the Secret alone with `retain`', async () => {
    const run = await server.runner.start(frames(['lines', '1'], { retain: true }))
    await run.settled
    expect(await allGone(kinds.Secret, run.runId)).toBe('all gone')
    const job = await server.client.get(kinds.Job, { name: run.job.name, namespace })
    expect(job.metadata?.deletionTimestamp).toBeUndefined()
  })

  it('reports its phases in order, with messages', async () => {
    const run = await server.runner.start(frames(['lines', '1']))
    const phases = (await collect(run.events)).flatMap((event) => (event.type === 'phase' ? [event.phase] : []))
    expect(phases[0]).toBe('submitted')
    expect(phases.at(-1)).toBe('ended')
    expect([...new Set(phases)]).toEqual(phases.filter((phase, index) => phases.indexOf(phase) === index))
  })

  it('keeps the newest events for a reader that comes late, and reports how many were dropped', async () => {
    const run = await server.runner.start(frames(['lines', '3000']))
    expect(await run.outcome).toMatchObject({ kind: 'succeeded' })
    await run.settled
    const events = await collect(run.events)
    expect(events[0]).toMatchObject({ type: 'warning', code: 'events_dropped' })
    expect(linesOf(events).at(-1)).toBe('line 2999')
    expect(events.at(-1)).toMatchObject({ type: 'outcome' })
  })

  it('takes an end without an end record for a failure outside the command', async () => {
    const run = await server.runner.start(frames(['vanish', '9']))
    const events = await collect(run.events)
    expect(await run.outcome).toMatchObject({ kind: 'containerLost', exitCode: null, source: 'pod_status' })
    expect(events.at(-2)).toMatchObject({ type: 'output', verdict: 'unverified' })
  })

  it.each([
    ['evict', { kind: 'evicted', by: 'kubelet' }],
    ['preempt', { kind: 'preempted', by: 'scheduler' }],
    ['oom', { kind: 'oomKilled' }],
  ] as const)('reads the fault %s as what it is', async (kind, expected) => {
    const run = await server.runner.start(frames(['wait'], { terminationGracePeriodSeconds: 1 }))
    const events = await firstLine(run)
    await world.kube.faults.inject({ kind, namespace, pod: run.pod?.name ?? '' })
    await rest(events)
    expect(await run.outcome).toMatchObject(expected)
  })

  it('waits in its queue for as long as the Job is suspended', async () => {
    const run = await server.runner.start(frames(['lines', '1'], { queue: { name: 'team' } }))
    const events = run.events[Symbol.asyncIterator]()
    for (;;) {
      const { value } = await events.next()
      if (value?.type === 'phase' && value.phase === 'queued') break
    }
    await server.client.patch(kinds.Job, {
      name: run.job.name,
      namespace,
      type: 'merge',
      body: { spec: { suspend: false } },
    })
    expect(linesOf(await rest(events))).toEqual(['line 0'])
    expect(await run.outcome).toMatchObject({ kind: 'succeeded' })
  })

  it('ends a process that stays after its work is finished, and the outcome is that of the work', async () => {
    const own = world.server()
    const run = await own.runner.start(
      frames([], {
        image: 'any',
        command: {
          argv: ['sh', '-c', 'echo result; sleep 30'],
          limits: { hangAfterFinishMs: 50 },
          finish: { workDone: [{ includes: ['result'] }] },
        },
      }),
    )
    const events = await firstLine(run)
    await run.finished()
    await rest(events)
    expect(await run.outcome).toMatchObject({ kind: 'succeeded', notes: [expect.stringContaining('did not exit')] })
  })

  it('leaves everything as it is on detach, and attaches again from the cursor', async () => {
    const wanted = frames(['lines', '40', '5'])
    const run = await server.runner.start(wanted)
    const events = run.events[Symbol.asyncIterator]()
    const before: string[] = []
    let cursor
    while (before.length < 7) {
      const { value } = await events.next()
      if (value?.type !== 'line') continue
      before.push(value.text)
      ;({ cursor } = value)
    }
    await run.detach()
    await expect(run.outcome).rejects.toMatchObject({ code: 'detached' })
    if (cursor === undefined) throw new Error('expected a cursor')
    const again = await world.server().runner.attach({ job: run.job.name, uid: run.job.uid, cursor })
    const after = linesOf(await collect(again.events))
    expect([...before, ...after]).toEqual(Array.from({ length: 40 }, (_, line) => `line ${line}`))
    expect(again).toMatchObject({ key: wanted.key, runId: wanted.runId })
  })

  it('stops following when the client is closed, and the Job goes on', async () => {
    const own = world.server()
    const run = await own.runner.start(frames(['wait']))
    await firstLine(run)
    await own.client.close()
    await expect(run.outcome).rejects.toMatchObject({ code: 'detached' })
    const again = await server.runner.attach({ job: run.job.name })
    expect(await again.cancel({ by: 'test', graceSeconds: 1 })).toBe('gone')
  })

  it('reports an unknown outcome for a Job that ended and lost its pod before anyone looked', async () => {
    const run = await server.runner.start(frames(['lines', '1'], { retain: true }))
    await run.settled
    const { name = '' } = run.pod ?? {}
    await server.client.delete(kinds.Pod, { name, namespace, gracePeriodSeconds: 0 })
    const late = await world.server().runner.attach({ job: run.job.name })
    expect(await late.outcome).toMatchObject({ kind: 'lost', known: expect.stringContaining('Complete') })
    const job = await server.client.get(kinds.Job, { name: run.job.name, namespace })
    expect(job.metadata?.deletionTimestamp).toBeUndefined()
  })

  it('reads an end before anyone looked, with all its output', async () => {
    const run = await server.runner.start(frames(['lines', '3'], { retain: true }))
    await run.settled
    const late = await world.server().runner.attach({ job: run.job.name })
    expect(linesOf(await collect(late.events))).toEqual(['line 0', 'line 1', 'line 2'])
    expect(await late.outcome).toMatchObject({ kind: 'succeeded' })
  })

  it('observes to the end without removing anything when it only observes', async () => {
    const run = await server.runner.start(frames(['lines', '3']))
    await run.detach()
    const onlooker = await world.server().runner.attach({ job: run.job.name }, { observe: true })
    expect(linesOf(await collect(onlooker.events))).toEqual(['line 0', 'line 1', 'line 2'])
    await onlooker.settled
    const { metadata } = await server.client.get(kinds.Job, { name: run.job.name, namespace })
    expect(metadata?.deletionTimestamp).toBeUndefined()
    const owner = await world.server().runner.attach({ job: run.job.name })
    await owner.settled
    await expect(server.client.get(kinds.Job, { name: run.job.name, namespace })).rejects.toMatchObject({ status: 404 })
  })

  it('refuses to attach to a Job that is absent, was replaced, or is not ours', async () => {
    await expect(server.runner.attach({ job: 'absent' })).rejects.toMatchObject({ code: 'job_not_found' })
    const run = await server.runner.start(frames(['wait']))
    await expect(server.runner.attach({ job: run.job.name, uid: 'other' })).rejects.toMatchObject({
      code: 'job_not_found',
    })
    await server.client.create(kinds.Job, {
      metadata: { name: 'strange', namespace },
      spec: {
        suspend: true,
        template: { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'any', command: ['true'] }] } },
      },
    })
    await expect(server.runner.attach({ job: 'strange' })).rejects.toMatchObject({ code: 'not_ours' })
    expect(await run.cancel({ by: 'test', graceSeconds: 1 })).toBe('gone')
  })

  it('refuses what the API server refuses, and leaves no Secret behind', async () => {
    const wanted = frames(['wait'])
    const match = { method: 'POST', path: '/jobs' }
    await world.kube.faults.inject({ kind: 'error', status: 403, reason: 'Forbidden', message: 'no', match, times: 1 })
    await expect(server.runner.start(wanted)).rejects.toMatchObject({ code: 'refused' })
    const { items } = await server.client.list(kinds.Secret, {
      namespace,
      labelSelector: `agent-jobs.dev/run-id=${wanted.runId}`,
    })
    expect(items).toEqual([])
  })

  it('refuses an input that no Secret can hold before anything is created', async () => {
    const own = world.server()
    const wanted = frames(['wait'], {
      secretEnv: Object.fromEntries(Array.from({ length: 9 }, (_, i) => [`E${i}`, 'x'.repeat(120_000)])),
    })
    await expect(own.runner.start(wanted)).rejects.toMatchObject({ code: 'invalid_request' })
    expect(own.requests).toEqual([])
  })
})
