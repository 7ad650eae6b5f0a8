/** Why credentials are missing. The message does not name the user yet. */
export class CredentialProblem extends Error {
  override readonly name = 'CredentialProblem'
  /** True when a retry may succeed: a plugin's server may answer, a file may be complete. */
  readonly passing: boolean

  constructor(message: string, { passing = false, cause }: { passing?: boolean; cause?: unknown } = {}) {
    super(message, cause === undefined ? {} : { cause })
    this.passing = passing
  }
}
