/** True when the pattern matches the whole text; `*` matches any characters. Linear in the text for every pattern. */
export function matchesPattern(text: string, pattern: string): boolean {
  const [first = '', ...rest] = pattern.split('*')
  if (rest.length === 0) return text === pattern
  const last = rest.pop() ?? ''
  if (!text.startsWith(first)) return false
  let at = first.length
  for (const part of rest) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  return text.length - last.length >= at && text.endsWith(last)
}

/** True when one pattern matches and none of those that begin with `!` does. */
export function matchesPatterns(text: string, patterns: readonly string[]): boolean {
  const barred = patterns.some((pattern) => pattern.startsWith('!') && matchesPattern(text, pattern.slice(1)))
  return !barred && patterns.some((pattern) => !pattern.startsWith('!') && matchesPattern(text, pattern))
}
