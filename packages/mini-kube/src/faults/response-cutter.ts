import type { ServerResponse } from 'node:http'

type Callback = (error?: Error | null) => void

/**
 * Lets `bytes` of the body through and then applies the fault. The handler keeps writing without noticing, like a real
 * server whose packets are lost.
 */
export function cutResponse(
  response: ServerResponse,
  bytes: number,
  how: 'reset' | 'close' | 'end' | 'half-open',
): void {
  let left = bytes
  let over = false
  const write = response.write.bind(response) as (chunk: Buffer, done?: () => void) => boolean
  const end = response.end.bind(response)
  const writeHead = response.writeHead.bind(response)
  const finish = () => {
    over = true
    if (how === 'half-open') return
    if (how === 'end') {
      end()
      return
    }
    const { socket } = response
    if (how === 'reset' && socket !== null && 'resetAndDestroy' in socket) socket.resetAndDestroy()
    else socket?.destroy()
  }
  const pass = (chunk: unknown): boolean => {
    if (over) return true
    const data = Buffer.isBuffer(chunk) ? chunk : Buffer.from(chunk as string | Uint8Array)
    const part = data.subarray(0, left)
    left -= part.length
    if (left > 0) return write(part)
    over = true
    // What was written must leave before the connection breaks.
    const room = part.length === 0 ? true : write(part, () => setImmediate(finish))
    if (part.length === 0) finish()
    return room
  }
  Object.assign(response, {
    writeHead: (status: number, headers: Record<string, unknown>) => {
      if (left === 0) {
        finish()
        return response
      }
      // A body cut short must not contradict its own length, except where that is the fault.
      const { 'content-length': length, ...rest } = headers
      return writeHead(status, (how === 'end' ? rest : length === undefined ? rest : headers) as Record<string, string>)
    },
    flushHeaders: () => undefined,
    write: (chunk: unknown, encoding?: unknown, callback?: Callback) => {
      const done = typeof encoding === 'function' ? (encoding as Callback) : callback
      const room = pass(chunk)
      done?.()
      return room
    },
    end: (chunk?: unknown) => {
      if (chunk !== undefined && chunk !== null) pass(chunk)
      if (!over && how !== 'half-open') end()
      return response
    },
  })
}
