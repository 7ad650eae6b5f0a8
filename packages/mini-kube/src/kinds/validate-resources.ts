import { fieldInvalid, fieldRequired, type StatusCause } from '../api-error.ts'
import { quantity } from '../kubelet/environment.ts'

type Amounts = Record<string, string>

const standard = new Set(['cpu', 'memory', 'ephemeral-storage'])
const isOwn = (name: string) => standard.has(name) || name.startsWith('hugepages-')

function validateName(name: string, field: string): StatusCause[] {
  if (isOwn(name) || name.includes('/')) return []
  return [
    fieldInvalid(field, name, 'must be a standard resource type or fully qualified'),
    fieldInvalid(field, name, 'must be a standard resource for containers'),
  ]
}

const negative = (amount: string | undefined, field: string): StatusCause[] =>
  quantity(amount) < 0 ? [fieldInvalid(field, amount, 'must be greater than or equal to 0')] : []

/** The amounts of a container: known names, none below zero, no request above its limit. */
export function validateResources(
  { limits = {}, requests = {} }: { limits?: Amounts; requests?: Amounts },
  path: string,
): StatusCause[] {
  const causes: StatusCause[] = []
  for (const [name, amount] of Object.entries(limits)) {
    const field = `${path}.limits[${name}]`
    causes.push(...validateName(name, field), ...negative(amount, field))
  }
  for (const [name, amount] of Object.entries(requests)) {
    const field = `${path}.requests[${name}]`
    causes.push(...validateName(name, field), ...negative(amount, field))
    const limit = limits[name]
    if (limit === undefined) {
      if (name.includes('/'))
        causes.push(fieldRequired(`${path}.limits`, 'Limit must be set for non overcommitable resources'))
    } else if (quantity(amount) > quantity(limit)) {
      causes.push(fieldInvalid(`${path}.requests`, amount, `must be less than or equal to ${name} limit of ${limit}`))
    }
  }
  return causes
}
