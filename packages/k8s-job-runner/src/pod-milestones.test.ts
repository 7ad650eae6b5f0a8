import { describe, expect, it } from 'vitest'
import type { Evidence } from './evidence.ts'
import type { Pod } from './kubernetes.ts'
import { createPodMilestones } from './pod-milestones.ts'

const running = { name: 'main', state: { running: {} } }
const ended = { name: 'main', state: { terminated: { exitCode: 0 } } }
const sidecarRuns = { name: 'proxy', state: { running: {} } }

const podOf = (status: unknown, sidecar = false): Pod =>
  ({
    metadata: { name: 'p', uid: 'u' },
    spec: {
      nodeName: 'n',
      restartPolicy: 'Never',
      containers: [{ name: 'main' }],
      initContainers: sidecar ? [{ name: 'proxy', restartPolicy: 'Always' }] : [],
    },
    status,
  }) as Pod
const gone = { at: 1, by: 'watch' } as const

/** Which of the milestones are reached. */
function reached(...seen: Partial<Evidence>[]): string[] {
  const milestones = createPodMilestones()
  for (const evidence of seen) milestones.look({ container: 'main', ...evidence })
  const names = ['containerEnded', 'nothingRuns', 'podOver'] as const
  return names.filter((name) => milestones[name].state.kind === 'open')
}

describe('the milestones of a pod', () => {
  it.each<[string, Partial<Evidence>, string[]]>([
    ['nothing is known', {}, []],
    ['the container runs', { pod: podOf({ phase: 'Running', containerStatuses: [running] }) }, []],
    [
      'the only container ended',
      { pod: podOf({ phase: 'Running', containerStatuses: [ended] }) },
      ['containerEnded', 'nothingRuns'],
    ],
    [
      'the container ended, and a sidecar still runs',
      { pod: podOf({ phase: 'Running', containerStatuses: [ended], initContainerStatuses: [sidecarRuns] }, true) },
      ['containerEnded'],
    ],
    ['the pod is terminal', { pod: podOf({ phase: 'Failed' }) }, ['containerEnded', 'nothingRuns', 'podOver']],
    [
      'the pod is gone that was seen running',
      { pod: podOf({ phase: 'Running', containerStatuses: [running] }), podGone: gone },
      ['containerEnded', 'podOver'],
    ],
    ['the Job is gone and never had a pod', { jobGone: gone }, ['containerEnded', 'podOver']],
    [
      'the Job is gone and its pod still runs',
      { jobGone: gone, pod: podOf({ phase: 'Running', containerStatuses: [running] }) },
      [],
    ],
  ])('where %s', async (_, evidence, expected) => {
    expect(await reached(evidence)).toEqual(expected)
    // A repeated update changes nothing.
    expect(await reached(evidence, evidence)).toEqual(expected)
  })

  it('stay reached whatever is seen later', async () => {
    expect(await reached({ pod: podOf({ phase: 'Succeeded' }) }, {})).toEqual([
      'containerEnded',
      'nothingRuns',
      'podOver',
    ])
  })

  it('count a container as ended before its status reports the end, when told to', async () => {
    const milestones = createPodMilestones()
    milestones.takeContainerForEnded()
    expect(milestones.containerEnded.state.kind).toBe('open')
    expect(milestones.endReported.state.kind).toBe('waiting')
    milestones.look({ container: 'main', pod: podOf({ phase: 'Running', containerStatuses: [ended] }) })
    expect(milestones.endReported.state.kind).toBe('open')
  })
})
