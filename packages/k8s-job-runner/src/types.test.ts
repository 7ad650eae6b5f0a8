import type { KubeClient } from '@agent-jobs/kube-api'
import { describe, expectTypeOf, it } from 'vitest'
import {
  createJobRunner,
  RunError,
  type JobRunner,
  type LockHolder,
  type Outcome,
  type OutcomeCode,
  type RunEvent,
  type RunHandle,
  type RunRequest,
} from './index.ts'

// Checked by `pnpm check:types`: what callers rely on without running anything.
describe('the types of the package', () => {
  it('need a client and a namespace for a runner, and nothing else', () => {
    expectTypeOf<{ client: KubeClient; namespace: string }>().toExtend<Parameters<typeof createJobRunner>[0]>()
    expectTypeOf(createJobRunner).returns.toEqualTypeOf<JobRunner>()
    expectTypeOf<JobRunner['start']>().returns.resolves.toEqualTypeOf<RunHandle>()
  })

  it('need key, run id, image and command for a run', () => {
    type Minimal = { key: string; runId: string; image: string; command: { argv: string[] } }
    expectTypeOf<Minimal>().toExtend<RunRequest>()
    expectTypeOf<Omit<Minimal, 'key'>>().not.toExtend<RunRequest>()
    expectTypeOf<Omit<Minimal, 'command'>>().not.toExtend<RunRequest>()
  })

  it('narrow an outcome by its kind, which goes with exactly one code', () => {
    type Of<Kind extends Outcome['kind']> = Extract<Outcome, { kind: Kind }>
    expectTypeOf<Of<'exited'>['exitCode']>().toEqualTypeOf<number>()
    expectTypeOf<Of<'containerLost'>['exitCode']>().toEqualTypeOf<number | null>()
    expectTypeOf<Of<'preempted'>['by']>().toEqualTypeOf<'scheduler' | 'kubelet' | 'queue'>()
    expectTypeOf<Of<'cancelled'>['code']>().toEqualTypeOf<'cancelled'>()
    expectTypeOf<Outcome['code']>().toEqualTypeOf<OutcomeCode>()
  })

  it('narrow an event by its type', () => {
    type Of<Type extends RunEvent['type']> = Extract<RunEvent, { type: Type }>
    expectTypeOf<Of<'outcome'>['outcome']>().toEqualTypeOf<Outcome>()
    expectTypeOf<Of<'line'>['text']>().toEqualTypeOf<string>()
    expectTypeOf<Of<'warning'>['code']>().toEqualTypeOf<string>()
  })

  it('recognise the error of the package, whatever was caught', () => {
    const caught: unknown = new RunError('refused', 'no')
    if (RunError.isInstance(caught)) expectTypeOf(caught).toEqualTypeOf<RunError>()
    expectTypeOf<RunError['holder']>().toEqualTypeOf<LockHolder | undefined>()
    expectTypeOf<RunError['retryable']>().toEqualTypeOf<boolean>()
  })
})
