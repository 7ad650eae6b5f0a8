const maxChars = 500

/** What a container printed, for a message: on one line, without control characters and launcher frames, and short. */
export function printable(text: string): string {
  const lines = text
    .split('\n')
    .filter((line) => !line.startsWith('@aj1 '))
    .map((line) => line.replaceAll(/[\p{Cc}\p{Cf}]/gu, ' ').trim())
    .filter((line) => line !== '')
  return lines.join('; ').slice(0, maxChars)
}
