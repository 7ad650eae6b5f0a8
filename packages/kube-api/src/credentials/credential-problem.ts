/** Why there are no credentials, before it is said for whom. */
export class CredentialProblem extends Error {
  override readonly name = 'CredentialProblem'
  /** True when the same may work later: a server that a plugin asks, a file that is being replaced. */
  readonly passing: boolean

  constructor(message: string, { passing = false, cause }: { passing?: boolean; cause?: unknown } = {}) {
    super(message, cause === undefined ? {} : { cause })
    this.passing = passing
  }
}
