import type { EndEvidence } from './evidence.ts'

/** A launcher record, with every field checked. */
export type RunRecord =
  | { type: 'end'; end: EndEvidence }
  | { type: 'notice'; code: string; message: string }
  | { type: 'start' }

const maxMessageChars = 2000

type Fields = Readonly<Record<string, unknown>>

function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const isAbsent = (value: unknown): value is null | undefined => value === undefined || value === null
const isCount = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0
const isExitCode = (value: unknown): value is number => isCount(value) && value <= 255
const isSignal = (value: unknown): value is string => typeof value === 'string' && /^SIG[A-Z0-9+-]{1,12}$/.test(value)
const isWord = (value: unknown): value is string => typeof value === 'string' && /^[A-Za-z0-9_.-]{1,64}$/.test(value)

function readStartError(value: unknown): EndEvidence['startError'] | 'invalid' {
  if (isAbsent(value)) return undefined
  if (!isFields(value) || !isWord(value['code']) || typeof value['message'] !== 'string') return 'invalid'
  return { code: value['code'], message: value['message'].slice(0, maxMessageChars) }
}

function readEnd(fields: Fields): RunRecord | null {
  const { exitCode, signal, durationMs, stoppedBy, oomKills } = fields
  const startError = readStartError(fields['startError'])
  if (!isAbsent(exitCode) && !isExitCode(exitCode)) return null
  if (!isAbsent(signal) && !isSignal(signal)) return null
  if (!isAbsent(durationMs) && !isCount(durationMs)) return null
  if (!isAbsent(stoppedBy) && !isWord(stoppedBy)) return null
  if (!isAbsent(oomKills) && !isCount(oomKills)) return null
  if (startError === 'invalid') return null
  return {
    type: 'end',
    end: {
      exitCode: exitCode ?? null,
      signal: signal ?? null,
      stoppedBy: stoppedBy ?? null,
      ...(isAbsent(durationMs) ? {} : { durationMs }),
      ...(isAbsent(oomKills) ? {} : { oomKills }),
      ...(startError === undefined ? {} : { startError }),
    },
  }
}

/**
 * Reads a launcher record. The pod prints it, and whatever runs in the pod can print one too, so every field is checked.
 * Returns null for anything that no launcher writes.
 */
export function readRecord(value: unknown): RunRecord | null {
  if (!isFields(value)) return null
  switch (value['type']) {
    case 'start':
      return { type: 'start' }
    case 'notice': {
      const { code, message } = value
      if (!isWord(code) || typeof message !== 'string') return null
      return { type: 'notice', code, message: message.slice(0, maxMessageChars) }
    }
    case 'end':
      return readEnd(value)
    default:
      return null
  }
}
