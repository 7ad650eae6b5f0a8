import { BrandedError } from '@agent-jobs/primitives'

/** Codes of {@link ScriptedModelError}. */
export type ScriptedModelErrorCode = 'listen_failed'

/** The one error class of this package. */
export class ScriptedModelError extends BrandedError<ScriptedModelErrorCode> {
  static override readonly errorName = 'ScriptedModelError'
}
