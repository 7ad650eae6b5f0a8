import type { RunEvent, RunRequest } from '@agent-jobs/k8s-job-runner'

const quietMs = 6000

/** Prints once what a silent agent is waiting for, if known. */
export interface SilenceHint {
  /** Call it for each event; returns its lines unchanged. */
  shown(event: RunEvent, lines: readonly string[]): readonly string[]
  stop(): void
}

/**
 * OpenCode asks models.dev for its list of models before its first line, and waits ten seconds for an answer in a pod
 * without a way out (docs/agent-clis.md#opencode-start).
 */
export function silenceHint(
  agent: string,
  { env = {}, secretEnv = {} }: Pick<RunRequest, 'env' | 'secretEnv'>,
  say: (line: string) => void,
): SilenceHint {
  const name = 'OPENCODE_DISABLE_MODELS_FETCH'
  const waits = agent === 'opencode' && !(name in env) && !(name in secretEnv)
  let timer: NodeJS.Timeout | undefined
  const stop = (): void => clearTimeout(timer)
  return {
    shown(event, lines) {
      if (event.type === 'line') stop()
      else if (waits && event.type === 'phase' && event.phase === 'running') {
        timer ??= setTimeout(() => {
          say(
            `  · OpenCode may be asking models.dev for its list of models; without a way out that takes 10 s. -e ${name}=1 skips it.`,
          )
        }, quietMs)
      }
      return lines
    },
    stop,
  }
}
