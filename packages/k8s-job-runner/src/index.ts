export { describeOutcome } from './describe-outcome.ts'
export {
  createJobRunner,
  type AttachOptions,
  type FollowOptions,
  type JobRunner,
  type JobRunnerOptions,
  type RunReference,
} from './job-runner.ts'
export { annotation, label } from './labels.ts'
export type { RunSummary } from './list-runs.ts'
export { buildManifest, type RunManifest } from './manifest.ts'
export { secretNameFor } from './object-names.ts'
export { outcomeTable } from './outcome-table.ts'
export {
  mayStillRun,
  type DeletionSeen,
  type Outcome,
  type OutcomeCode,
  type OutcomeFacts,
  type OutcomeKind,
} from './outcome.ts'
export { volumeClaimStore, type VolumeClaimStoreOptions, type OwnerState } from './volume-claim-store.ts'
export type { ReapEntry, ReapItem, ReapOptions, ReapReport, ReapStore } from './reap.ts'
export { RunError, type LockHolder, type RunErrorCode } from './run-error.ts'
export type { Phase, RunEvent } from './run-event.ts'
export type { CancelOptions, CancelVerdict, RunHandle, RunTimings } from './run-handle.ts'
export type { RunCommand, RunQueue, RunRequest, RunScheduling, StartPatience } from './run-request.ts'
export type { RunnerWarning } from './runner-context.ts'
export { requestProblems } from './validate-request.ts'
