/** A variable that was too large for a process's environment and was left out. */
export interface ShedVariable {
  name: string
  bytes: number
}

// Linux takes at most MAX_ARG_STRLEN = 128 KiB for one `NAME=value` with its closing zero byte; exec fails with E2BIG above it.
const maxVariableBytes = 131_072 - 1

/** Removes variables that would keep a process from starting and names them in `PAPERCLIP_ENV_SHED_JSON`. */
export function shedOversized(env: Record<string, string>): { env: Record<string, string>; shed: ShedVariable[] } {
  const kept: Record<string, string> = {}
  const shed: ShedVariable[] = []
  for (const [name, value] of Object.entries(env)) {
    const bytes = Buffer.byteLength(value)
    if (Buffer.byteLength(name) + 1 + bytes > maxVariableBytes) shed.push({ name, bytes })
    else kept[name] = value
  }
  if (shed.length > 0) kept['PAPERCLIP_ENV_SHED_JSON'] = JSON.stringify(shed)
  return { env: kept, shed }
}
