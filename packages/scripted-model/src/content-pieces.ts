/**
 * Cuts a text into pieces as a model streams it: a few words each, never inside a surrogate pair. A long text
 * gets larger pieces, so that a megabyte does not become a hundred thousand events.
 */
export function contentPieces(text: string): string[] {
  const size = Math.max(24, Math.ceil(text.length / 256))
  const pieces: string[] = []
  for (let start = 0; start < text.length;) {
    let end = Math.min(text.length, start + size)
    const last = text.charCodeAt(end - 1)
    if (end < text.length && last >= 0xd8_00 && last <= 0xdb_ff) end += 1
    pieces.push(text.slice(start, end))
    start = end
  }
  return pieces
}
