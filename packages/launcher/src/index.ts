export { bootstrapCommand, type BootstrapOptions } from './bootstrap-command.ts'
export { encodeFrame, frameMagic, maxFrameBytes, maxPayloadBytes } from './frame.ts'
export type { Frame, FrameFlag, FrameStream } from './frame.ts'
export type {
  FinishRule,
  JournalSpec,
  LaunchFile,
  LaunchLimits,
  LaunchSpec,
  LinePattern,
  LoopRule,
  ProxySpec,
} from './launch-spec.ts'
export { noticeCodes, startErrorCodes } from './launcher-record.ts'
export type {
  EndRecord,
  LauncherRecord,
  NoticeCode,
  NoticeRecord,
  StartError,
  StartErrorCode,
  StartRecord,
  StoppedBy,
} from './launcher-record.ts'
export { LauncherError } from './launcher-error.ts'
export type { LauncherErrorCode } from './launcher-error.ts'
export { maxSecretBytes, packEnv, secretBytes } from './pack-env.ts'
export type { LaunchInput } from './pack-env.ts'
export { programText } from './program-text.generated.ts'
