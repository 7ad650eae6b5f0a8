/** One frame as the launcher writes it, newline included. */
export function frame(
  seq: number,
  stream: 'o' | 'e' | 'l',
  payload: string | Buffer,
  flag: '.' | '+' | '$' = '.',
  ms = 1_795_000_000_000 + seq,
): Buffer {
  const bytes = Buffer.isBuffer(payload) ? payload : Buffer.from(payload)
  return Buffer.concat([Buffer.from(`@aj1 ${seq} ${stream} ${ms} ${bytes.length} `), bytes, Buffer.from(`${flag}\n`)])
}

/** Frames of whole lines between a start and an end record, newline excluded from each. */
export function framedRun(
  lines: readonly { stream: 'o' | 'e'; bytes: Buffer }[],
  o: { partBytes?: number; finalFlag?: '.' | '$' } = {},
): Buffer[] {
  const partBytes = o.partBytes ?? 8_000
  const frames: Buffer[] = []
  const add = (stream: 'o' | 'e' | 'l', payload: string | Buffer, flag: '.' | '+' | '$'): void => {
    frames.push(frame(frames.length, stream, payload, flag).subarray(0, -1))
  }
  add('l', JSON.stringify({ type: 'start', version: 1, pid: 7, startedAt: 1 }), '.')
  for (const [index, { stream, bytes }] of lines.entries()) {
    let start = 0
    for (; bytes.length - start > partBytes; start += partBytes)
      add(stream, bytes.subarray(start, start + partBytes), '+')
    add(stream, bytes.subarray(start), index === lines.length - 1 ? (o.finalFlag ?? '.') : '.')
  }
  add('l', endRecord(frames.length), '.')
  return frames
}

/** A valid end record as JSON, or one with other fields. */
export function endRecord(frames: number, fields: Record<string, unknown> = {}): string {
  const end = { exitCode: 0, signal: null, durationMs: 5, stoppedBy: null, stdoutBytes: 0, stderrBytes: 0 }
  return JSON.stringify({ type: 'end', frames, ...end, ...fields })
}
