const decimal = ['n', 'u', 'm', '', 'k', 'M', 'G', 'T', 'P', 'E'] as const
const binary = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'] as const
const nanos = 1_000_000_000n
const thousandth = 1_000_000n

export const quantityMessage =
  "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"

/**
 * The canonical form of a Kubernetes quantity: `1000m` is `1`, `0.5` is `500m`, `1024Mi` is `1Gi`. Undefined for an
 * invalid quantity. Amounts in a list of resources are rounded up to thousandths.
 */
export function canonicalQuantity(text: string, inThousandths = false): string | undefined {
  const match = /^([+-]?)(\d+\.?\d*|\.\d+)(?:([eE][+-]?\d+)|([A-Za-z]*))$/.exec(text)
  if (match === null) return undefined
  const [, sign, number = '', exponent, suffix = ''] = match
  const minus = sign === '-' ? '-' : ''
  const [whole = '', part = ''] = number.split('.')
  const power = exponent === undefined ? decimal.indexOf(suffix as never) * 3 - 9 : Number(exponent.slice(1))
  const step = binary.indexOf(suffix as never)
  if (exponent === undefined && step > 0) return writeBinary(minus, whole, part, step)
  if (exponent === undefined && suffix !== '' && !decimal.includes(suffix as never)) return undefined
  if (Math.abs(power) > 30) return undefined
  // Amounts are kept in billionths; what is finer is rounded up.
  const digits = BigInt(`${whole}${part}`)
  const shift = power + 9 - part.length
  const exact = shift >= 0 ? digits * 10n ** BigInt(shift) : divideUp(digits, 10n ** BigInt(-shift))
  const value = inThousandths ? divideUp(exact, thousandth) * thousandth : exact
  if (value === 0n) return '0'
  return exponent === undefined ? `${minus}${writeDecimal(value)}` : `${minus}${writeExponent(value)}`
}

const divideUp = (value: bigint, by: bigint) => (value + by - 1n) / by

function writeDecimal(value: bigint): string {
  let rest = value
  let index = 0
  while (index < decimal.length - 1 && rest % 1_000n === 0n) {
    rest /= 1_000n
    index += 1
  }
  return `${rest}${decimal[index]}`
}

function writeExponent(value: bigint): string {
  let rest = value
  let power = -9
  while (rest % 1_000n === 0n) {
    rest /= 1_000n
    power += 3
  }
  return power === 0 ? String(rest) : `${rest}e${power}`
}

function writeBinary(minus: string, whole: string, part: string, step: number): string {
  const scaled = BigInt(`${whole}${part}`) * nanos * 1_024n ** BigInt(step)
  const value = divideUp(scaled, 10n ** BigInt(part.length))
  if (value === 0n) return '0'
  // Below 1024, and with a fraction, binary suffixes cannot say it.
  if (value % nanos !== 0n || value < 1_024n * nanos) return `${minus}${writeDecimal(value)}`
  let rest = value / nanos
  let index = 0
  while (index < binary.length - 1 && rest % 1_024n === 0n) {
    rest /= 1_024n
    index += 1
  }
  return `${minus}${rest}${binary[index]}`
}
