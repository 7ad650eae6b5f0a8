const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789'

/** Makes an identifier such as `msg_01…` from the injected randomness. */
export function identifier(prefix: string, random: () => number): string {
  let id = prefix
  for (let i = 0; i < 18; i += 1) id += alphabet[Math.floor(random() * alphabet.length)] ?? 'A'
  return id
}
