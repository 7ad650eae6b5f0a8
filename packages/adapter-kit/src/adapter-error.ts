import { BrandedError } from '@agent-jobs/primitives'

/**
 * Everything the adapters refuse or cannot do. `code` is reported to Paperclip as `errorCode`; `retryable` is true when the
 * same run may succeed later without a change of the configuration.
 */
export class AdapterError extends BrandedError {
  static override readonly errorName = 'AdapterError'
}
