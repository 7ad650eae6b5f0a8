// Replaces all values beyond the limit.
const otherLabel = 'other'

/**
 * Keeps the number of values of a label below a limit: the first `limit` distinct values stay, later ones become `other`.
 * Agents choose their models and Paperclip creates agents, so nothing else bounds the number of time series.
 */
export function createLabelLimit(limit: number): (value: string) => string {
  const known = new Set<string>()
  return (value) => {
    if (known.has(value)) return value
    if (known.size >= limit) return otherLabel
    known.add(value)
    return value
  }
}
