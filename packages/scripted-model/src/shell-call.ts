import type { ModelRequest } from './model-request.ts'
import type { ReplyBlock } from './reply.ts'

/**
 * A call of the shell tool of the agent that speaks this API: OpenCode, Codex or Claude Code. `timeoutMs` is how long the
 * command may take before the agent goes on without it. Default: the agent's own limit, for Codex 30,000.
 */
export function shellCall(
  request: Pick<ModelRequest, 'api'>,
  command: string,
  description: string,
  timeoutMs?: number,
): ReplyBlock {
  const timeout = timeoutMs === undefined ? {} : { timeout: timeoutMs }
  switch (request.api) {
    case 'chat':
      return { type: 'tool', name: 'bash', input: { command, description, ...timeout } }
    case 'responses':
      return { type: 'tool', name: 'exec_command', input: { cmd: command, yield_time_ms: timeoutMs ?? 30_000 } }
    case 'messages':
      return { type: 'tool', name: 'Bash', input: { command, description, ...timeout } }
    default:
      return request.api satisfies never
  }
}

/** Codex's tool that waits for a command which is still running. */
export const pollTool = 'write_stdin'

/** The call that waits for the running command of a request, as a model does before it goes on; null if none runs. */
export function waitCall({ running }: Pick<ModelRequest, 'running'>): ReplyBlock | null {
  if (running === null) return null
  return { type: 'tool', name: pollTool, input: { session_id: running, chars: '', yield_time_ms: 30_000 } }
}
