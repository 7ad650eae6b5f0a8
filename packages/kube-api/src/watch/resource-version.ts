/**
 * Compares two resource versions: negative, zero, positive, or undefined when they cannot be compared. Since
 * Kubernetes 1.35 they are guaranteed to be increasing decimal numbers; before, they were so in practice.
 */
export function compareResourceVersions(a: string | undefined, b: string | undefined): number | undefined {
  if (a === undefined || b === undefined || !/^[1-9]\d*$/.test(a) || !/^[1-9]\d*$/.test(b)) return undefined
  if (a.length !== b.length) return a.length - b.length
  return a < b ? -1 : Number(a > b)
}
