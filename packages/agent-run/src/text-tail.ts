/** Keeps the last `limit` characters of what is added. */
export function createTextTail(limit: number): { add(text: string): void; text(): string } {
  let parts: string[] = []
  let length = 0
  const shrink = (): void => {
    const kept = parts.join('').slice(-limit)
    parts = [kept]
    length = kept.length
  }
  return {
    add: (text) => {
      parts.push(text)
      length += text.length
      if (length > 2 * limit) shrink()
    },
    text: () => {
      shrink()
      return parts[0] ?? ''
    },
  }
}
