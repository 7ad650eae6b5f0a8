/** Collects a small response. Longer ones are cut: nothing of interest comes after the first 64 KiB. */
export async function readBody(body: AsyncIterable<Uint8Array> | null, maxBytes = 65_536): Promise<Buffer> {
  const pieces: Uint8Array[] = []
  let size = 0
  for await (const piece of body ?? []) {
    pieces.push(piece)
    size += piece.length
    if (size >= maxBytes) break
  }
  return Buffer.concat(pieces, size)
}
