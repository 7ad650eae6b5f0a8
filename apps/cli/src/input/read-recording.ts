import { createFrameDecoder } from '@agent-jobs/log-stream'
import type { AgentEnding } from '@agent-jobs/agent-run'

// The message of an agent that does not start is at the beginning; the rest of a long stderr is not needed.
const maxStderrBytes = 1024 * 1024

/**
 * Hands on the agent's own bytes of a recording: unpacked where it is gzip, and without the launcher's frames where
 * it is a pod's log or a journal. Returns what the frames report about the end.
 */
export async function readRecording(
  source: AsyncIterable<Uint8Array>,
  feed: (chunk: Uint8Array) => void,
): Promise<AgentEnding> {
  const packed = await peek(source, 2)
  const isGzip = packed.head[0] === 0x1f && packed.head[1] === 0x8b
  const plain = await peek(isGzip ? gunzip(packed.all) : packed.all, 64)
  // A pod's log may have the kubelet's timestamps in front of each line.
  if (/^(?:\d{4}-\S+Z? )?@aj1 \d/.test(plain.head.toString('latin1'))) return readFrames(plain.all, feed)
  for await (const chunk of plain.all) feed(chunk)
  return {}
}

async function readFrames(source: AsyncIterable<Uint8Array>, feed: (chunk: Uint8Array) => void): Promise<AgentEnding> {
  const decoder = createFrameDecoder()
  const stderr: Buffer[] = []
  let stderrBytes = 0
  let end: AgentEnding = {}
  const newline = Buffer.from('\n')
  for await (const chunk of source) {
    for (const entry of decoder.push(chunk)) {
      if (entry.kind !== 'frame') continue
      const { stream, payload, flag } = entry.frame
      const bytes = flag === '.' ? Buffer.concat([payload, newline]) : Buffer.from(payload)
      if (stream === 'o') feed(bytes)
      else if (stream === 'l') end = readEnd(payload) ?? end
      else if (stderrBytes < maxStderrBytes) {
        stderr.push(bytes)
        stderrBytes += bytes.length
      }
    }
  }
  return { ...end, stderr: Buffer.concat(stderr).toString('utf8') }
}

function readEnd(payload: Buffer): AgentEnding | null {
  const record: unknown = JSON.parse(payload.toString('utf8'))
  if (typeof record !== 'object' || record === null || !('type' in record) || record.type !== 'end') return null
  const exitCode = 'exitCode' in record && typeof record.exitCode === 'number' ? record.exitCode : null
  const signal = 'signal' in record && typeof record.signal === 'string' ? record.signal : null
  return { exitCode, signal }
}

/** The first bytes, and all of them. */
async function peek(
  source: AsyncIterable<Uint8Array>,
  wanted: number,
): Promise<{ head: Buffer; all: AsyncIterable<Uint8Array> }> {
  const iterator = source[Symbol.asyncIterator]()
  let head = Buffer.alloc(0)
  let ended = false
  while (head.length < wanted && !ended) {
    const next = await iterator.next()
    if (next.done === true) ended = true
    else head = Buffer.concat([head, next.value])
  }
  async function* all(): AsyncGenerator<Uint8Array> {
    if (head.length > 0) yield head
    if (!ended) yield* { [Symbol.asyncIterator]: () => iterator }
  }
  return { head, all: all() }
}

function gunzip(source: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  return ReadableStream.from(source).pipeThrough(new DecompressionStream('gzip'))
}
