import type { FrameFlag } from '../frame.ts'

/** Looks at a stream's payloads; true when the line that ends with this one holds all tokens. */
export type LineMatcher = (payload: Buffer, flag: FrameFlag) => boolean

/** Makes a matcher; it keeps no more of a long line than one token's length, so that none is missed between parts. */
export function createLineMatcher(tokens: string[] | undefined): LineMatcher {
  if (tokens === undefined) return () => false
  const needles = tokens.map((token) => Buffer.from(token))
  const overlap = Math.max(...needles.map((needle) => needle.length)) - 1
  const none = Buffer.alloc(0)
  let missing = needles
  let tail: Buffer = none
  return (payload, flag) => {
    const bytes = tail.length > 0 ? Buffer.concat([tail, payload]) : payload
    missing = missing.filter((needle) => !bytes.includes(needle))
    if (flag === '+') {
      tail = Buffer.from(bytes.subarray(Math.max(0, bytes.length - overlap)))
      return false
    }
    const found = missing.length === 0
    missing = needles
    tail = none
    return found
  }
}
