const away = new Set([502, 503, 504])
/** Refused, so not carried out: 401 unknown token, 409 the run no longer owns the issue, 422 token of another run. */
const refused = new Set([401, 409, 422])
const maxTexts = 100

/** Whether an ingress, or the target itself, reports that the target is away. */
export function saysAway(status: number | undefined): boolean {
  return away.has(status ?? 0)
}

/** Whether a response refuses the credentials, as far as its status shows. */
export function saysRefused(status: number | undefined): boolean {
  return refused.has(status ?? 0)
}

/**
 * What this launcher knows about the proxy's target: calls are held only for a target that was there, and refused calls wait
 * for other credentials only if those in the file may have become invalid.
 */
export class TargetState {
  readonly #accepted = new Set<string>()
  readonly #waitedFor = new Set<string>()
  #wasThere = false
  /** The target was away, or the run changed hands, since its last accepted call: another process may own the run. */
  #mayHaveMoved = false

  /** The target has answered at least once. */
  get wasThere(): boolean {
    return this.#wasThere
  }

  /** The target is reachable, whether or not it accepts the credentials. */
  seen(): void {
    this.#wasThere = true
  }

  /** The target answered a call with the credentials `text`. */
  answered(status: number | undefined, text: string): void {
    if (saysAway(status)) return this.lost()
    this.seen()
    if (saysRefused(status)) return
    this.#mayHaveMoved = false
    this.#waitedFor.clear()
    remember(this.#accepted, text)
  }

  /** The target could not be reached, or the file says that the run changes hands. */
  lost(): void {
    this.#mayHaveMoved = true
  }

  /** Whether a refused call should wait for other credentials than `text`; once for each text. */
  shouldWait(status: number | undefined, text: string): boolean {
    const isRevoked = status === 401 && this.#accepted.has(text)
    if (this.#waitedFor.has(text) || !(isRevoked || this.#mayHaveMoved)) return false
    remember(this.#waitedFor, text)
    return true
  }
}

function remember(texts: Set<string>, text: string): void {
  if (texts.size >= maxTexts) texts.clear()
  texts.add(text)
}
