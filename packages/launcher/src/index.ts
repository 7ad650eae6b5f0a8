export { bootstrapCommand, type BootstrapOptions } from './bootstrap-command.ts'
export type {
  FinishRule,
  JournalSpec,
  LaunchFile,
  LaunchLimits,
  LaunchSpec,
  LinePattern,
  LoopRule,
  MountIdentity,
  ProxySpec,
} from './launch-spec.ts'
export { LauncherError, type LauncherErrorCode } from './launcher-error.ts'
export { type LaunchInput, maxSecretBytes, packEnv, secretBytes } from './pack-env.ts'
export { programText } from './program-text.generated.ts'
