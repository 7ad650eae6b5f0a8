import { constants } from 'node:os'
import { InvalidArgumentError } from 'commander'

/** Reads `SIGTERM`, `TERM`, `sigterm` or `15`. */
export function readSignal(value: string): string {
  const upper = value.toUpperCase()
  const known = Object.entries(constants.signals)
  const found = known.find(([name, number]) => name === upper || name === `SIG${upper}` || String(number) === value)
  if (!found) throw new InvalidArgumentError(`Expected a signal such as SIGTERM, got \`${value}\`.`)
  return found[0]
}
