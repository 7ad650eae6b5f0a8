import type { FrameFlag } from '@agent-jobs/frames'
import type { LinePattern } from '../launch-spec.ts'

/** Takes a stream's payloads. With the last one of a line it returns the tokens found in the line, else null. */
export type TokenFinder = (payload: Buffer, flag: FrameFlag) => ReadonlySet<string> | null

/** Creates a finder; it keeps at most one token's length of a long line, so that none is missed between parts. */
export function createTokenFinder(tokens: Iterable<string>): TokenFinder {
  const needles = Array.from(new Set(tokens), (token) => ({ token, bytes: Buffer.from(token) }))
  const overlap = Math.max(0, ...needles.map(({ bytes }) => bytes.length - 1))
  const none = Buffer.alloc(0)
  let found = new Set<string>()
  let tail: Buffer = none
  return (payload, flag) => {
    const bytes = tail.length > 0 ? Buffer.concat([tail, payload]) : payload
    for (const needle of needles) {
      if (!found.has(needle.token) && bytes.includes(needle.bytes)) found.add(needle.token)
    }
    if (flag === '+') {
      tail = Buffer.from(bytes.subarray(Math.max(0, bytes.length - overlap)))
      return null
    }
    const tokensOfLine = found
    found = new Set()
    tail = none
    return tokensOfLine
  }
}

/** Whether a line with these tokens matches one of the patterns. */
export function matchesAny(patterns: readonly LinePattern[] | undefined, found: ReadonlySet<string>): boolean {
  if (patterns === undefined) return false
  const holds = (tokens: readonly string[]): boolean => tokens.every((token) => found.has(token))
  return patterns.some(({ includes, unless = [] }) => holds(includes) && !unless.some(holds))
}

/** All strings of the patterns. */
export function tokensOf(patterns: readonly LinePattern[] | undefined): string[] {
  return (patterns ?? []).flatMap(({ includes, unless = [] }) => includes.concat(...unless))
}
