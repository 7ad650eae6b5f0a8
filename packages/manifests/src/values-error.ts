import { BrandedError } from '@agent-jobs/primitives'

/** Thrown when values are unknown or invalid; the message names each of them. */
export class ValuesError extends BrandedError<'invalid_values'> {
  static override readonly errorName = 'ValuesError'
  /** One sentence for each value, for example `storage.size: must be a Kubernetes quantity such as 20Gi`. */
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super('invalid_values', `The values are invalid: ${problems.join('; ')}. values.yaml of the chart lists them all.`)
    this.problems = problems
  }
}
