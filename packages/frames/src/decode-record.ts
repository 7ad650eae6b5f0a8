import { stopCauses, type EndRecord, type LauncherRecord, type StartError } from './launcher-record.ts'

/**
 * Parses the payload of a frame of stream `l`. The container's command can write such frames itself, so every field is
 * checked and nothing else is copied; null when it is not a record. Members that this version does not know are
 * dropped.
 */
export function decodeRecord(payload: Uint8Array): LauncherRecord | null {
  const value = parseObject(payload)
  switch (value?.type) {
    case 'start':
      return decodeStart(value)
    case 'notice':
      return isCode(value.code) && typeof value.message === 'string'
        ? { type: 'notice', code: value.code, message: value.message }
        : null
    case 'end':
      return decodeEnd(value)
    default:
      return null
  }
}

type Fields = Readonly<Record<string, unknown>>

function decodeStart({ version, pid, startedAt }: Fields): LauncherRecord | null {
  if (version !== 1 || !isCount(startedAt)) return null
  return pid === null || (isCount(pid) && pid > 0) ? { type: 'start', version, pid, startedAt } : null
}

function decodeEnd(fields: Fields): EndRecord | null {
  const { frames, exitCode, signal, durationMs, stdoutBytes, stderrBytes, oomKills } = fields
  const stoppedBy = decodeStopCause(fields.stoppedBy)
  const startError = decodeStartError(fields)
  const isValid =
    isCount(frames) &&
    (exitCode === null || (isCount(exitCode) && exitCode <= 255)) &&
    (signal === null || isSignalName(signal)) &&
    isCount(durationMs) &&
    isCount(stdoutBytes) &&
    isCount(stderrBytes) &&
    (oomKills === undefined || isCount(oomKills)) &&
    stoppedBy !== undefined &&
    startError !== null
  if (!isValid) return null
  return {
    type: 'end',
    frames,
    exitCode,
    signal,
    durationMs,
    stoppedBy,
    stdoutBytes,
    stderrBytes,
    ...(oomKills === undefined ? {} : { oomKills }),
    ...(startError === undefined ? {} : { startError }),
  }
}

/** Undefined when the value cannot be a stop cause of any version. */
function decodeStopCause(value: unknown): EndRecord['stoppedBy'] | undefined {
  if (value === null) return null
  if (!isCode(value)) return undefined
  return stopCauses.find((cause) => cause === value) ?? 'unknown'
}

/** Undefined when absent, null when invalid. */
function decodeStartError({ startError }: Fields): StartError | undefined | null {
  if (startError === undefined) return undefined
  if (!isObject(startError)) return null
  const { code, message } = startError
  return isCode(code) && typeof message === 'string' ? { code, message } : null
}

function parseObject(payload: Uint8Array): Fields | null {
  let value: unknown
  try {
    value = JSON.parse(new TextDecoder().decode(payload))
  } catch {
    // Whatever the command wrote there, it is not a record.
    return null
  }
  return isObject(value) ? value : null
}

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isCount(value: unknown): value is number {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
}

function isCode(value: unknown): value is string {
  return typeof value === 'string' && /^[a-z][a-z0-9_]{0,63}$/.test(value)
}

function isSignalName(value: unknown): value is string {
  return typeof value === 'string' && /^SIG[A-Z0-9+-]{1,12}$/.test(value)
}
