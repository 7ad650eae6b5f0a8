export type { DeleteOptions, ListOptions, PatchOptions, Place, RawRequest } from './call-options.ts'
export type { RetryOptions } from './call-with-retry.ts'
export type { DateFields } from './date-fields.ts'
export {
  isAlreadyExists,
  isConflict,
  isForbidden,
  isGone,
  isInvalid,
  isNotFound,
  isTooManyRequests,
  isUnauthorized,
} from './error-predicates.ts'
export { createKubeClient, type KubeClient, type KubeClientOptions } from './kube-client.ts'
export type { ObjectCalls } from './object-calls.ts'
export { KubeError, type KubeErrorCode, type KubeErrorInit, type KubeObjectRef } from './kube-error.ts'
export {
  currentContext,
  type CurrentContext,
  type ExecPlugin,
  type KubeCluster,
  type KubeConfig,
  type KubeContext,
  type KubeUser,
} from './kubeconfig/kube-config.ts'
export { loadKubeConfig, type LoadKubeConfigOptions } from './kubeconfig/load-kube-config.ts'
export { parseKubeConfig, type ParseKubeConfigOptions } from './kubeconfig/parse-kube-config.ts'
export type { KubeConfigTrust } from './kubeconfig/trust.ts'
export type { LogResponse, OpenLogOptions } from './log-request.ts'
export { proxyFromEnvironment, type ProxyEnvironment } from './proxy-from-environment.ts'
export { quantityValue } from './quantity.ts'
export type { Query } from './query-string.ts'
export type { ListWatchTuning } from './watch/watch-tuning.ts'
export { classifyRefusal, type Refusal, type RefusalCause, type RefusalEvidence } from './refusal.ts'
export { kinds, resourcePath, type KubeObject, type ResourceKind } from './resource-kind.ts'
export { reportWatchProblems, type WatchProblem } from './watch/watch-problem.ts'
export type { ListWatchEvent } from './watch/subscription.ts'
export type { RequestReport, ServerWarning } from './wire.ts'
export type { Selection } from './watch/watch-source.ts'
