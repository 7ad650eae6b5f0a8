import type { AdapterRuntime } from '@paperclipai/adapter-utils'
import { readSessionParams, type SessionParams } from './session-params.ts'

/** Whether a run continues a session; a fresh start gives the reason when a session existed. */
export type ResumeDecision =
  | { kind: 'resume'; sessionId: string; previous: SessionParams }
  | { kind: 'fresh'; notice: string | null }

/** The session that Paperclip offers, in any of its fields. */
export function offeredSession(runtime: Pick<AdapterRuntime, 'sessionId' | 'sessionParams'>): SessionParams | null {
  return readSessionParams(runtime.sessionParams) ?? readSessionParams({ sessionId: runtime.sessionId })
}

/** Continues a session only when its id, its directory and its files make that possible. */
export function decideResume(input: {
  offered: SessionParams | null
  enabled: boolean
  cwd: string
  boundToDirectory: boolean
  isSessionId: (id: string) => boolean
  files: 'present' | 'absent' | 'unknown'
  label: string
}): ResumeDecision {
  const { offered: previous, cwd, label } = input
  if (previous === null) return { kind: 'fresh', notice: null }
  const fresh = (reason: string): ResumeDecision => ({
    kind: 'fresh',
    notice: `${label} session "${previous.sessionId}" is not resumed: ${reason}. A fresh session starts.`,
  })
  if (!input.enabled) return fresh('"Resume sessions" is off')
  if (!input.isSessionId(previous.sessionId)) return fresh('its id is not one of this agent')
  if (input.boundToDirectory && previous.cwd !== undefined && trimmed(previous.cwd) !== trimmed(cwd)) {
    return fresh(`it was saved for the directory "${previous.cwd}" and this run works in "${cwd}"`)
  }
  if (input.files === 'absent') return fresh('its transcript is no longer on the data volume')
  return { kind: 'resume', sessionId: previous.sessionId, previous }
}

function trimmed(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, '') : path
}
