export { fileJournal, type FileJournalOptions } from './file-journal.ts'
export { followLogs } from './follow-logs.ts'
export type { FollowOptions, SpoolSettings } from './follow-options.ts'
export { createFrameDecoder, type FrameDecoder, type FrameEntry } from './frame-decoder.ts'
export type { JournalSource } from './journal-source.ts'
export { kubeLogSource, type LogClient } from './kube-log-source.ts'
export type {
  DiagnosticCode,
  Ending,
  GapReason,
  LauncherCursor,
  LogCursor,
  LogDiagnostic,
  LogEnd,
  LogGap,
  LogItem,
  LogLine,
  LogRecord,
  StampCursor,
  Verdict,
} from './log-item.ts'
export type { LogHeaders, LogRequest, LogResponse, LogSource } from './log-source.ts'
export { LogStreamError, type LogStreamErrorCode } from './log-stream-error.ts'
export { createSpoolBudget, type SpoolBudget } from './spool-budget.ts'
