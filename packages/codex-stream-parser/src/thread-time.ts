const uuidV7 = /^([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/i

/** When a thread was created, in ms since 1970: the first 48 bits of a UUIDv7. Null for other ids. */
export function threadTime(threadId: string | null): number | null {
  const found = uuidV7.exec(threadId ?? '')
  return found === null ? null : Number.parseInt(`${found[1]}${found[2]}`, 16)
}
