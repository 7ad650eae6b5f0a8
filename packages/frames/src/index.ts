export { decodeRecord } from './decode-record.ts'
export {
  encodeFrame,
  type Frame,
  type FrameFlag,
  frameMagic,
  type FrameStream,
  locateFrame,
  type LocatedFrame,
  maxFrameBytes,
  maxPayloadBytes,
  parseFrame,
  type ParsedFrame,
} from './frame.ts'
export {
  type EndRecord,
  type LauncherRecord,
  type NoticeCode,
  noticeCodes,
  type NoticeRecord,
  type StartError,
  type StartErrorCode,
  startErrorCodes,
  type StartRecord,
  type StopCause,
  stopCauses,
  type UnknownCode,
} from './launcher-record.ts'
