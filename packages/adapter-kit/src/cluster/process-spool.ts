import { createSpoolBudget, type SpoolBudget, type SpoolSettings } from '@agent-jobs/log-stream'
import type { AdapterDependencies } from '../adapter-dependencies.ts'

const directoryVariable = 'AGENT_JOBS_SPOOL_DIRECTORY'
const bytesVariable = 'AGENT_JOBS_SPOOL_BYTES'
const defaultBytes = 4 * 1024 ** 3

// The number changes with the shape of SpoolBudget, since every adapter of the process brings its own copy of this code.
const key = Symbol.for('agent-jobs.spool.1')

/**
 * Buffers output while Paperclip reads it more slowly than agents print it: one limit for all adapters of this process,
 * whatever the number of runs. An operator sets it with `AGENT_JOBS_SPOOL_BYTES` (default 4 GiB) and the folder of the
 * files with `AGENT_JOBS_SPOOL_DIRECTORY` (default: the system's temporary folder).
 */
export function processSpool(deps: Pick<AdapterDependencies, 'env' | 'onWarning'>): SpoolSettings {
  const known: SpoolBudget | undefined = Reflect.get(globalThis, key)
  const budget = known ?? createSpoolBudget({ diskBytes: readBytes(deps) })
  Reflect.set(globalThis, key, budget)
  return { budget, directory: deps.env[directoryVariable]?.trim() || undefined }
}

function readBytes({ env, onWarning }: Pick<AdapterDependencies, 'env' | 'onWarning'>): number {
  const text = env[bytesVariable]?.trim()
  if (!text) return defaultBytes
  const bytes = Number(text)
  if (Number.isSafeInteger(bytes) && bytes >= 0) return bytes
  onWarning(
    `${bytesVariable} is ${JSON.stringify(text)}, not a number of bytes. The default of ${defaultBytes} holds.`,
    {
      code: 'spool_bytes_invalid',
    },
  )
  return defaultBytes
}
