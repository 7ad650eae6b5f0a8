const factors: Readonly<Record<string, number>> = {
  n: 1e-9,
  u: 1e-6,
  m: 1e-3,
  k: 1e3,
  M: 1e6,
  G: 1e9,
  T: 1e12,
  P: 1e15,
  E: 1e18,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
  Ti: 2 ** 40,
  Pi: 2 ** 50,
  Ei: 2 ** 60,
}

// The grammar of k8s.io/apimachinery resource.Quantity, without a sign: requests are never negative.
const grammar = /^(\d+(?:\.\d*)?|\.\d+)(?:[eE]([+-]?\d+)|([numkMGTPE]|[KMGTPE]i))?$/

/**
 * The value of a Kubernetes quantity such as `1500m` (1.5) or `2Gi` (2,147,483,648), in cores of processor or bytes.
 * Null for what the API server would refuse, and for negative ones.
 */
export function quantityValue(text: string): number | null {
  const match = grammar.exec(text)
  if (!match) return null
  const [, digits, exponent, suffix] = match
  const factor = suffix === undefined ? 10 ** Number(exponent ?? 0) : factors[suffix]
  return factor === undefined ? null : Number(digits) * factor
}
