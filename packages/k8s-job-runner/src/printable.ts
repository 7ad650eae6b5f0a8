const maxChars = 500

/** Container output for a message: short, on one line, without control characters and launcher frames. */
export function printable(text: string): string {
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('@aj1 '))
    .map((line) => line.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ').trim())
    .filter((line) => line !== '')
  return lines.join('; ').slice(0, maxChars)
}
