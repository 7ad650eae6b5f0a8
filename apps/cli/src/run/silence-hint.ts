import type { Agent } from '@agent-jobs/agent-run'
import type { RunEvent, RunRequest } from '@agent-jobs/k8s-job-runner'

const quietMs = 6000

/** Prints once what a silent agent is waiting for, if known. */
export interface SilenceHint {
  /** Call it for each event; returns its lines unchanged. */
  shown(event: RunEvent, lines: readonly string[]): readonly string[]
  stop(): void
}

/** Makes the hint for an agent that may wait at its start. */
export function silenceHint(
  slowStart: Agent['slowStart'],
  { env = {}, secretEnv = {} }: Pick<RunRequest, 'env' | 'secretEnv'>,
  say: (line: string) => void,
): SilenceHint {
  const name = slowStart?.skippedBy ?? ''
  const waits = slowStart !== undefined && !(name in env) && !(name in secretEnv)
  let timer: NodeJS.Timeout | undefined
  const stop = (): void => clearTimeout(timer)
  return {
    shown(event, lines) {
      if (event.type === 'line') stop()
      else if (waits && event.type === 'phase' && event.phase === 'running') {
        timer ??= setTimeout(() => {
          say(`  · ${slowStart?.message} -e ${name}=1 skips it.`)
        }, quietMs)
      }
      return lines
    },
    stop,
  }
}
