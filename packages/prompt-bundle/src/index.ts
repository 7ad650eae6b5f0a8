export type { BundleEntry, BundleLimits, SourceEntry, TextEntry } from './bundle-content.ts'
export { BundleError, type BundleErrorCode } from './bundle-error.ts'
export type { CollectedBundle, Collection, CollectOptions } from './collect-bundles.ts'
export type { Damage } from './inspect-bundle.ts'
export {
  bundleKey,
  createPromptBundles,
  type Bundle,
  type PromptBundles,
  type PromptBundlesOptions,
} from './prompt-bundles.ts'
export { readBundle, type BundleFile } from './read-bundle.ts'
