import { InvalidArgumentError } from 'commander'

// The forms that people mean, a part of Kubernetes' grammar: no sign, no exponent, and `500m` of memory is half a byte.
// `quantityValue` of kube-api would load its HTTP client for `--help`.
const cpuForm = /^(\d+(?:\.\d*)?|\.\d+)(m?)$/
const memoryForm = /^(\d+(?:\.\d*)?|\.\d+)(?:([KMGT])i|([kMGT]))?$/
const mostCores = 1024
// No agent starts with less.
const leastMemory = 2 ** 20
const mostMemory = 64 * 2 ** 40

/** Reads an amount of processor: cores such as `2` or `0.5`, or thousandths such as `500m`. */
export function readCpu(value: string): string {
  const [, number, thousandths] = cpuForm.exec(value) ?? []
  const cores = Number(number ?? 0) / (thousandths === 'm' ? 1000 : 1)
  if (cores > 0 && cores <= mostCores) return value
  throw new InvalidArgumentError(
    `Expected an amount of CPU such as 2 or 500m, above 0 and at most ${mostCores}, got \`${value}\`.`,
  )
}

/** Reads an amount of memory such as `2Gi` or `512Mi`. */
export function readMemory(value: string): string {
  const [, number, binary, decimal] = memoryForm.exec(value) ?? []
  const factor = 1024 ** (1 + 'KMGT'.indexOf(binary ?? '0')) * 1000 ** (1 + 'kMGT'.indexOf(decimal ?? '0'))
  const bytes = Number(number ?? 0) * factor
  if (bytes >= leastMemory && bytes <= mostMemory) return value
  throw new InvalidArgumentError(
    `Expected an amount of memory such as 2Gi or 512Mi, from 1Mi to 64Ti, got \`${value}\`.`,
  )
}
