import type { Clock } from '@agent-jobs/primitives'
import type { Probe } from '../types.ts'
import { runAction, type ActionPlace } from './hook-action.ts'

export const probeKinds = ['Startup', 'Readiness', 'Liveness'] as const
export type ProbeKind = (typeof probeKinds)[number]

export interface ProbesOptions {
  probes: Partial<Record<ProbeKind, Probe>>
  place: Omit<ActionPlace, 'timeoutMs'>
  clock: Clock
  /** Called for each failed try. */
  onFailure: (kind: ProbeKind, output: string) => void
  /** Called when a probe gets its first result, or the result changes. */
  onResult: (kind: ProbeKind, ok: boolean) => void
}

/** Runs the probes of a running container until the signal aborts: the others after the startup probe has succeeded. */
export async function runProbes({ probes, place, clock, onFailure, onResult }: ProbesOptions): Promise<void> {
  const { signal } = place

  /** Probes until `stop`; a result counts after as many in a row as its threshold. */
  async function ask(kind: ProbeKind, probe: Probe, stop: (ok: boolean) => boolean): Promise<void> {
    const { initialDelaySeconds = 0, periodSeconds = 10, timeoutSeconds = 1 } = probe
    const { successThreshold = 1, failureThreshold = 3 } = probe
    let last: boolean | undefined
    let run = 0
    let told: boolean | undefined
    if (initialDelaySeconds > 0) await clock.sleep(initialDelaySeconds * 1_000, signal)
    for (;;) {
      const { ok, output } = await runAction(probe, { ...place, timeoutMs: timeoutSeconds * 1_000 })
      if (signal.aborted) return
      if (!ok) onFailure(kind, output)
      run = ok === last ? run + 1 : 1
      last = ok
      if (run >= (ok ? successThreshold : failureThreshold)) {
        if (told !== ok) onResult(kind, ok)
        told = ok
        if (stop(ok)) return
      }
      await clock.sleep(periodSeconds * 1_000, signal)
    }
  }

  try {
    const { Startup, Readiness, Liveness } = probes
    let started = true
    if (Startup !== undefined) {
      await ask('Startup', Startup, (ok) => {
        started = ok
        return true
      })
    }
    if (!started) return
    await Promise.all([
      Readiness === undefined ? undefined : ask('Readiness', Readiness, () => false),
      Liveness === undefined ? undefined : ask('Liveness', Liveness, (ok) => !ok),
    ])
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
