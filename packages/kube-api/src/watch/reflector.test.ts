import { openAbortScope } from '@agent-jobs/primitives'
import type { V1ConfigMap } from '@kubernetes/client-node'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { configMap } from '../../test/events.ts'
import { createManualClock, type ManualClock } from '../../test/manual-clock.ts'
import { createSimulatedApi, type Fault } from '../../test/simulated-api.ts'

import { createReflector } from './reflector.ts'
import { defaultTuning } from './watch-tuning.ts'
import type { WatchFrame } from './watch-source.ts'

type Action = { readonly do: 'put' | 'remove' | 'compact' | 'wait'; readonly name: string }

const action = fc.record<Action>({
  do: fc.constantFrom('put', 'put', 'put', 'remove', 'remove', 'compact', 'wait'),
  name: fc.constantFrom('a', 'b', 'c'),
})
const fault = fc.constantFrom<Fault>(
  'ok',
  'ok',
  'ok',
  'cut',
  'end',
  'broken',
  'twice',
  'stale',
  'drop',
  'expired',
  'refuse',
)

/** Lets all pending work continue, and advances the time whenever all wait for it. */
async function settle(clock: ManualClock, ms: number): Promise<void> {
  const until = clock.now() + ms
  while (clock.now() < until) {
    await new Promise((resolve) => setImmediate(resolve))
    clock.advance(ms / 4)
  }
  await new Promise((resolve) => setImmediate(resolve))
}

const summary = (objects: Iterable<V1ConfigMap>) =>
  [...objects].map(({ metadata }) => `${metadata?.name} ${metadata?.uid} ${metadata?.resourceVersion}`).sort()

describe('the reflector', () => {
  it('ends with the state of the server, whatever went wrong, and reports all of it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(action, { maxLength: 40 }),
        fc.array(fault, { maxLength: 60 }),
        fc.boolean(),
        async (actions, faults, watchList) => {
          const api = createSimulatedApi({ faults: [...faults], watchList })
          const clock = createManualClock()
          const told = new Map<string, V1ConfigMap>()
          const unheard: string[] = []
          using scope = openAbortScope()
          const reflector = createReflector<V1ConfigMap>({
            source: api.source,
            list: api.list,
            clock,
            random: () => 0.5,
            tuning: defaultTuning,
            onChanges: (changes) => {
              for (const { uid, alive, object } of changes) {
                if (alive) told.set(uid, object)
                else if (!told.delete(uid)) unheard.push(uid)
              }
            },
            onSynced: () => undefined,
            onProblem: () => undefined,
          })
          const running = reflector.run(scope.signal)
          for (const { do: what, name } of actions) {
            if (what === 'put') api.put(name)
            else if (what === 'remove') api.remove(name)
            else if (what === 'compact') api.compact()
            else await settle(clock, 20_000)
          }
          api.heal()
          // Dropped changes are only found by the periodic list.
          await settle(clock, 800_000)
          await settle(clock, 40_000)
          scope.abort()
          await running
          expect(summary(reflector.store.objects.values())).toEqual(summary(api.objects.values()))
          expect(unheard).toEqual([])
          expect(summary(told.values())).toEqual(summary(api.objects.values()))
        },
      ),
      { numRuns: 300 },
    )
  })

  it('holds a steady state with few requests: one watch for 5 to 10 minutes, one list for each 8 to 12', async () => {
    const api = createSimulatedApi({ faults: [], watchList: true })
    const clock = createManualClock()
    using scope = openAbortScope()
    const reflector = createReflector<V1ConfigMap>({
      source: api.source,
      list: api.list,
      clock,
      random: () => 0.5,
      tuning: { ...defaultTuning, silenceMs: 86_400_000 },
      onChanges: () => undefined,
      onSynced: () => undefined,
      onProblem: () => undefined,
    })
    const running = reflector.run(scope.signal)
    for (let minute = 0; minute < 60; minute += 1) await settle(clock, 60_000)
    scope.abort()
    await running
    expect(api.watches()).toBeLessThanOrEqual(8)
  })

  it('is not misled by a body that arrives slowly: bytes count, not whole events', async () => {
    const clock = createManualClock()
    using scope = openAbortScope()
    const pieces = Promise.withResolvers<void>()
    let opened = 0
    async function* frames(signal: AbortSignal, onBytes: () => void): AsyncGenerator<WatchFrame<V1ConfigMap>> {
      yield { type: 'bookmark', resourceVersion: '10', initialEventsEnd: true }
      for (let piece = 0; piece < 10; piece += 1) {
        clock.advance(60_000 / 10)
        await new Promise((resolve) => setImmediate(resolve))
        onBytes()
        signal.throwIfAborted()
      }
      yield { type: 'object', alive: true, object: configMap('large', 11) }
      pieces.resolve()
      await clock.sleep(1e9, signal)
    }
    const reflector = createReflector<V1ConfigMap>({
      source: {
        name: 'slow',
        watch: ({ signal, onBytes }) => {
          opened += 1
          return Promise.resolve(frames(signal, onBytes))
        },
      },
      list: () => Promise.reject(new Error('not asked for')),
      clock,
      random: () => 0.5,
      tuning: { ...defaultTuning, silenceMs: 9_000 },
      onChanges: () => undefined,
      onSynced: () => undefined,
      onProblem: () => undefined,
    })
    const running = reflector.run(scope.signal)
    await pieces.promise
    expect(opened).toBe(1)
    expect(reflector.store.objects.size).toBe(1)
    scope.abort()
    await running
  })

  it('rethrows anything but a KubeError: a bug is not survived', async () => {
    using scope = openAbortScope()
    const reflector = createReflector<V1ConfigMap>({
      source: { name: 'buggy', watch: () => Promise.reject(new TypeError('a bug')) },
      list: () => Promise.reject(new Error('not asked for')),
      clock: createManualClock(),
      random: () => 0.5,
      tuning: defaultTuning,
      onChanges: () => undefined,
      onSynced: () => undefined,
      onProblem: () => undefined,
    })
    await expect(reflector.run(scope.signal)).rejects.toThrow('a bug')
  })
})
