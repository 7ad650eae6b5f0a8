import { errorMessage } from '@agent-jobs/primitives'
import type { ConnectionEnd } from './connection.ts'
import type { ResolvedOptions } from './follow-options.ts'
import type { ItemOutput } from './item-output.ts'
import { LogStreamError } from './log-stream-error.ts'

/** An API server that has just started forbids allowed requests for a moment: it has not read its roles yet. */
const forbiddenPatienceMs = 30_000

/** Reports how connections end, and throws where a retry is useless. */
export class ConnectionReport {
  readonly #output: ItemOutput
  readonly #clock: ResolvedOptions['clock']
  #forbiddenSince: number | undefined

  constructor(output: ItemOutput, clock: ResolvedOptions['clock']) {
    this.#output = output
    this.#clock = clock
  }

  /** A connection ended, whether or not that is reported. */
  note(end: ConnectionEnd): void {
    if (end.kind !== 'answer' || end.status !== 403) this.#forbiddenSince = undefined
  }

  /** Reports a problem once, and throws where a retry is useless. */
  report(end: ConnectionEnd): void {
    if (end.kind === 'left' || end.kind === 'unproved') return
    if (end.kind === 'cut') {
      this.#output.diagnose('connection_lost', errorMessage(end.error))
    } else if (end.kind === 'eof') {
      if (end.words !== '') this.#output.diagnose('kubelet_text', end.words)
    } else {
      const { judgement, status } = end
      if (judgement.kind === 'refused' && !this.#mayPass(status)) {
        throw new LogStreamError(
          'request_refused',
          `The log server refused: ${judgement.text}. Check the container's name and that the account may get pods/log.`,
          { status },
        )
      }
      this.#output.diagnose('request_failed', judgement.text)
    }
  }

  /** Whether a refusal may come from a server that has just started. */
  #mayPass(status: number): boolean {
    if (status !== 403) return false
    this.#forbiddenSince ??= this.#clock.now()
    return this.#clock.now() - this.#forbiddenSince < forbiddenPatienceMs
  }
}
