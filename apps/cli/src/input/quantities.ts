import { quantityValue } from '@agent-jobs/kube-api'
import { InvalidArgumentError } from 'commander'

// Without a sign and without an exponent: nobody means the latter, and `500m` of memory is half a byte.
const cpuForm = /^(?:\d+(?:\.\d*)?|\.\d+)m?$/
const memoryForm = /^(?:\d+(?:\.\d*)?|\.\d+)(?:[KMGT]i|[kMGT])?$/
const mostCores = 1024
// No agent starts with less.
const leastMemory = 2 ** 20
const mostMemory = 64 * 2 ** 40

/** Reads an amount of processor: cores such as `2` or `0.5`, or thousandths such as `500m`. */
export function readCpu(value: string): string {
  const cores = cpuForm.test(value) ? (quantityValue(value) ?? 0) : 0
  if (cores > 0 && cores <= mostCores) return value
  throw new InvalidArgumentError(
    `Expected an amount of CPU such as 2 or 500m, above 0 and at most ${mostCores}, got \`${value}\`.`,
  )
}

/** Reads an amount of memory such as `2Gi` or `512Mi`. */
export function readMemory(value: string): string {
  const bytes = memoryForm.test(value) ? (quantityValue(value) ?? 0) : 0
  if (bytes >= leastMemory && bytes <= mostMemory) return value
  throw new InvalidArgumentError(
    `Expected an amount of memory such as 2Gi or 512Mi, from 1Mi to 64Ti, got \`${value}\`.`,
  )
}
