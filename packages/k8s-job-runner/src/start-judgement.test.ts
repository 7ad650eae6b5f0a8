import { describe, expect, it } from 'vitest'
import type { Job, KubeEvent, Pod } from './kubernetes.ts'
import { unschedulableCause } from './start-cause.ts'
import { judgeStart, type StartProgress } from './start-judgement.ts'

const graces = {
  container: 'main',
  budgetMs: 600_000,
  unschedulableGraceMs: 120_000,
  missingGraceMs: 60_000,
  refusedGraceMs: 30_000,
}

function waitingPod(reason: string, message?: string): Pod {
  const waiting = message === undefined ? { reason } : { reason, message }
  return {
    metadata: { name: 'p', uid: 'p1' },
    spec: { containers: [], nodeName: 'n' },
    status: {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'True' }],
      containerStatuses: [{ name: 'main', image: 'i', imageID: '', ready: false, restartCount: 0, state: { waiting } }],
    },
  }
}
function unscheduledPod(message: string, reason = 'Unschedulable'): Pod {
  return {
    metadata: { name: 'p', uid: 'p1' },
    spec: { containers: [] },
    status: { phase: 'Pending', conditions: [{ type: 'PodScheduled', status: 'False', reason, message }] },
  }
}
const event = (reason: string, message: string): KubeEvent => ({ reason, message, metadata: {}, involvedObject: {} })

function run(steps: { at: number; job?: Job; pod?: Pod; events?: KubeEvent[] }[]) {
  let progress: StartProgress = { since: 0 }
  const verdicts: string[] = []
  for (const { at, job, pod, events = [] } of steps) {
    const judged = judgeStart({ job, pod, events, graces, now: at, progress })
    if (judged.verdict !== 'started') progress = judged.progress
    verdicts.push(judged.verdict === 'fail' ? judged.outcome.kind : judged.verdict)
  }
  return verdicts
}

describe('judgeStart', () => {
  it('restarts a grace period when its cause went away in between', () => {
    const none = unscheduledPod('0/1 nodes are available: 1 Insufficient cpu.')
    expect(
      run([
        { at: 0, pod: none },
        { at: 100_000, pod: waitingPod('ContainerCreating') },
        { at: 110_000, pod: none },
        { at: 229_999, pod: none },
        { at: 230_000, pod: none },
      ]),
    ).toEqual(['wait', 'wait', 'wait', 'wait', 'unschedulable'])
  })

  it('treats the two reasons of a failing pull as one cause', () => {
    expect(
      run([
        { at: 0, pod: waitingPod('ErrImagePull', 'no such host') },
        { at: 300_000, pod: waitingPod('ImagePullBackOff', 'Back-off') },
        { at: 599_999, pod: waitingPod('ErrImagePull', 'no such host') },
        { at: 600_000, pod: waitingPod('ImagePullBackOff', 'Back-off') },
      ]),
    ).toEqual(['wait', 'wait', 'wait', 'imageError'])
  })

  it('lets a missing Secret appear within its grace period', () => {
    const running: Pod = waitingPod('x')
    const status = running.status?.containerStatuses?.[0]
    if (status !== undefined) status.state = { running: {} }
    expect(
      run([
        { at: 0, pod: waitingPod('CreateContainerConfigError', 'secret "s" not found') },
        { at: 59_000, pod: waitingPod('CreateContainerConfigError', 'secret "s" not found') },
        { at: 59_500, pod: running },
      ]),
    ).toEqual(['wait', 'wait', 'started'])
  })

  it('lets a suspended Job wait indefinitely, and starts its budget when it is admitted', () => {
    const job: Job = { metadata: { name: 'j' }, spec: { suspend: true, template: {} } }
    const admitted: Job = { metadata: { name: 'j' }, spec: { template: {} } }
    const day = 86_400_000
    expect(
      run([
        { at: 0, job },
        { at: day, job },
        { at: day + 1, job: admitted },
        { at: day + 599_999, job: admitted },
        { at: day + 600_000, job: admitted },
      ]),
    ).toEqual(['wait', 'wait', 'wait', 'wait', 'startFailed'])
  })

  it('lets scheduling gates wait indefinitely', () => {
    const gated = unscheduledPod('gated', 'SchedulingGated')
    expect(
      run([
        { at: 0, pod: gated },
        { at: 9_000_000, pod: gated },
      ]),
    ).toEqual(['wait', 'wait'])
  })

  it('bounds everything by the start budget, whatever changes in between', () => {
    const pods = [waitingPod('ContainerCreating'), unscheduledPod('Insufficient cpu')]
    const steps = Array.from({ length: 13 }, (_, i) => ({ at: i * 50_000, pod: pods[i % 2] ?? waitingPod('x') }))
    expect(run(steps).slice(0, 12)).toEqual(Array(12).fill('wait'))
    expect(run(steps).at(-1)).toBe('startFailed')
  })

  it('fails at once where waiting cannot help', () => {
    expect(run([{ at: 0, pod: waitingPod('InvalidImageName', 'bad') }])).toEqual(['imageError'])
    expect(
      run([
        {
          at: 0,
          pod: waitingPod('CreateContainerConfigError', 'container has runAsNonRoot and image will run as root'),
        },
      ]),
    ).toEqual(['configError'])
    expect(
      run([
        {
          at: 0,
          pod: waitingPod(
            'CreateContainerConfigError',
            'container has runAsNonRoot and image has non-numeric user (node)',
          ),
        },
      ]),
    ).toEqual(['configError'])
  })

  it('tells a slow volume from an impossible one', () => {
    const pod = waitingPod('ContainerCreating')
    const slow = [event('FailedAttachVolume', 'Multi-Attach error for volume')]
    const missing = [event('FailedMount', 'configmap "c" not found')]
    expect(
      run([
        { at: 0, pod, events: slow },
        { at: 500_000, pod, events: slow },
        { at: 600_000, pod, events: slow },
      ]),
    ).toEqual(['wait', 'wait', 'configError'])
    expect(
      run([
        { at: 0, pod, events: missing },
        { at: 60_000, pod, events: missing },
      ]),
    ).toEqual(['wait', 'configError'])
  })

  it.each([
    ['is not ready yet', { running: {} }, {}, false, 'Waiting for container side'],
    ['has just ended', { terminated: { exitCode: 3, reason: 'Error' } }, {}, false, 'exit code 3 again and again'],
    [
      'rests between two attempts',
      { waiting: { reason: 'CrashLoopBackOff' } },
      { terminated: { exitCode: 3 } },
      false,
      'exit code 3',
    ],
    ['runs again', { running: {} }, { terminated: { exitCode: 3 } }, false, 'exit code 3'],
    ['is ready', { running: {} }, {}, true, 'The container is being made'],
    ['ended well, being an init container', { terminated: { exitCode: 0 } }, {}, false, 'The container is being made'],
  ])('names a sidecar that holds up the start: it %s', (_, state, lastState, started, words) => {
    const pod = waitingPod('PodInitializing')
    const side = { name: 'side', image: 'i', imageID: '', ready: false, restartCount: 0, state, lastState, started }
    const waiting = { ...pod, status: { ...pod.status, initContainerStatuses: [side] } }
    const judged = judgeStart({ job: undefined, pod: waiting, events: [], graces, now: 0, progress: { since: 0 } })
    expect(judged).toMatchObject({ verdict: 'wait', cause: { words: expect.stringContaining(words) } })
    const held = judgeStart({ job: undefined, pod: waiting, events: [], graces, now: 600_000, progress: { since: 0 } })
    const outcome = words.includes('being made') ? { kind: 'startFailed' } : { kind: 'initFailed', container: 'side' }
    expect(held).toMatchObject({ verdict: 'fail', outcome })
  })

  it('asks for Events only where nothing else explains the delay', () => {
    const ask = (pod: Pod | undefined) => {
      const judged = judgeStart({ job: undefined, pod, events: [], graces, now: 0, progress: { since: 0 } })
      return judged.verdict === 'wait' && judged.cause.askEvents === true
    }
    expect(ask(undefined)).toBe(true)
    expect(ask(waitingPod('ContainerCreating'))).toBe(true)
    expect(ask(waitingPod('ErrImagePull'))).toBe(false)
    expect(ask(unscheduledPod('Insufficient cpu'))).toBe(false)
  })
})

describe('unschedulableCause', () => {
  it.each([
    ['0/3 nodes are available: 3 Insufficient memory. no new claims to deallocate', 'resources'],
    ['0/3 nodes are available: 3 Too many pods.', 'resources'],
    ["0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.", 'affinity'],
    ["0/3 nodes are available: 3 node(s) didn't match pod topology spread constraints.", 'affinity'],
    ['0/3 nodes are available: 1 node(s) had volume node affinity conflict.', 'volume'],
    ['0/1 nodes are available: 1 node(s) had untolerated taint {a: b}.', 'taint'],
    ['0/1 nodes are available: 1 node(s) were unschedulable.', 'cordoned'],
    ['something new', 'other'],
  ])('sums up %j as %s', (message, cause) => {
    expect(unschedulableCause(message)).toBe(cause)
  })
})
