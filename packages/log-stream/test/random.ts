/** A small seeded generator (mulberry32), so that a failing run can be repeated by its seed. */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let x = Math.imul(state ^ (state >>> 15), state | 1)
    x ^= x + Math.imul(x ^ (x >>> 7), x | 61)
    return ((x ^ (x >>> 14)) >>> 0) / 4_294_967_296
  }
}

/** A whole number from `least` to `most`. */
export function pick(random: () => number, least: number, most: number): number {
  return least + Math.floor(random() * (most - least + 1))
}

/** Lines as programs print them: short, empty, repeated, multi-byte characters, our own marker, control bytes. */
export function randomLines(random: () => number, count: number, o: { maxBytes?: number } = {}): string[] {
  const lines: string[] = []
  for (let i = 0; i < count; i++) {
    const kind = pick(random, 0, 9)
    if (kind === 0) lines.push('')
    else if (kind === 1) lines.push(lines.at(-1) ?? 'again')
    else if (kind === 2) lines.push(`żółć 🙈 ${'é'.repeat(pick(random, 0, 40))}`)
    else if (kind === 3) lines.push(`@aj1 ${i} o 1 3 abc.`)
    else if (kind === 4) lines.push(`a\0b\rc\u{1b}[31m${i}`)
    else if (kind === 5) lines.push('x'.repeat(pick(random, 1, o.maxBytes ?? 400)))
    else lines.push(JSON.stringify({ type: 'assistant', index: i, text: 'lorem '.repeat(pick(random, 0, 12)) }))
  }
  return lines
}
